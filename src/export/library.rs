//! The available agents and targets: built in, and in the state folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Agent, Error, Target};
use crate::model::text::shown;

/// The built-in agents, in the order of the form.
const AGENTS: [(&str, &str); 2] = [
    ("assets/agents/imd-activate.toml", include_str!("../../assets/agents/imd-activate.toml")),
    ("assets/agents/insync.toml", include_str!("../../assets/agents/insync.toml")),
];

/// A target's folder: its name, its `target.toml`, and its templates.
type Folder = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The templates are the files of `assets/targets/ID/`.
macro_rules! folder {
    ($id:literal, $($template:literal),+) => {
        (
            concat!("assets/targets/", $id, "/target.toml"),
            include_str!(concat!("../../assets/targets/", $id, "/target.toml")),
            &[$(($template, include_str!(concat!("../../assets/targets/", $id, "/", $template)))),+],
        )
    };
}

const TARGETS: [Folder; 15] = [
    folder!("msiexec", "README.md.j2", "command-line.txt.j2", "install.cmd.j2"),
    folder!("configmgr", "README.md.j2", "create-application.ps1.j2"),
    folder!("intune", "README.md.j2", "app.json.j2", "detect.ps1.j2", "install.ps1.j2"),
    folder!("gpo-startup", "README.md.j2", "protect.ps1.j2", "startup.ps1.j2"),
    folder!("registry", "README.md.j2", "place-token.cmd.j2", "settings.reg.j2"),
    folder!("ivanti-windows", "README.md.j2", "install.cmd.j2"),
    folder!("ivanti-mac", "README.md.j2", "install.sh.j2"),
    folder!("jamf", "README.md.j2", "install.sh.j2"),
    folder!("kandji", "README.md.j2", "audit.sh.j2"),
    folder!("mobileconfig", "README.md.j2", "place-token.sh.j2", "settings.mobileconfig.j2"),
    folder!("munki", "README.md.j2", "installcheck.j2", "pkginfo.plist.j2", "uninstallcheck.j2"),
    folder!("shell", "README.md.j2", "install.sh.j2"),
    folder!("ansible", "README.md.j2", "playbook.yml.j2"),
    folder!("json", "README.md.j2", "deployment.json.j2"),
    folder!("env", "README.md.j2", "deployment.env.j2"),
];

/// The longest definition or template, in bytes. A wrong file must not fill the memory.
const LONGEST: u64 = 256 * 1024;

/// The built-in agents and those in the folder `agents` of the state; an agent with the same id replaces a built-in one.
pub fn agents(state: Option<&Path>) -> Result<Vec<Agent>, Error> {
    let mut agents = Vec::new();
    for (path, toml) in AGENTS {
        agents.push(Agent::parse(toml).map_err(|why| definition(Path::new(path), why))?);
    }
    for path in entries(state, "agents")?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
        let agent = Agent::parse(&read(&path)?).map_err(|why| definition(&path, why))?;
        place(&mut agents, agent, |agent| &agent.id);
    }
    Ok(agents)
}

/// The built-in targets and those in the folder `targets` of the state, one folder each; a target with the same id
/// replaces a built-in one.
pub fn targets(state: Option<&Path>) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for (path, toml, templates) in TARGETS {
        let templates = templates.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        targets.push(Target::parse(toml, templates).map_err(|why| definition(Path::new(path), why))?);
    }
    for folder in entries(state, "targets")?.into_iter().filter(|path| path.is_dir()) {
        let path = folder.join("target.toml");
        let mut templates = BTreeMap::new();
        for file in listed(&folder)? {
            let is_template = file.extension().is_some_and(|extension| extension == "j2");
            if let (true, Some(name)) = (is_template, file.file_name().and_then(|name| name.to_str())) {
                templates.insert(name.to_owned(), read(&file)?);
            }
        }
        let target = Target::parse(&read(&path)?, templates).map_err(|why| definition(&path, why))?;
        // Two folders with the same id would be ambiguous.
        if folder.file_name().is_none_or(|name| name != target.id.as_str()) {
            return Err(definition(&path, format!("its folder must be named {}", target.id)));
        }
        place(&mut targets, target, |target| &target.id);
    }
    Ok(targets)
}

/// Replaces the one with the same id, or adds `new` at the end.
fn place<T>(all: &mut Vec<T>, new: T, id: fn(&T) -> &String) {
    match all.iter().position(|old| id(old) == id(&new)) {
        Some(at) => all[at] = new,
        None => all.push(new),
    }
}

/// The entries of a folder of the state, by name; none if the folder does not exist.
fn entries(state: Option<&Path>, folder: &str) -> Result<Vec<PathBuf>, Error> {
    match state.map(|state| state.join(folder)) {
        Some(folder) if folder.exists() => listed(&folder),
        _ => Ok(Vec::new()),
    }
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File { doing: "reading", path: name(folder), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::File { doing: "reading", path: name(path), source };
    let mut text = String::new();
    fs::File::open(path).map_err(failed)?.take(LONGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return Err(definition(path, format!("it is longer than {} KiB", LONGEST / 1024)));
    }
    Ok(text)
}

fn definition(path: &Path, why: String) -> Error {
    Error::Definition { path: name(path), why }
}

fn name(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::super::templates::SHARED;
    use super::*;

    #[test]
    fn every_asset_is_built_in() {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let agents: Vec<_> = listed(&assets.join("agents")).unwrap();
        assert_eq!(agents.len(), AGENTS.len());
        let folders: Vec<_> =
            listed(&assets.join("targets")).unwrap().into_iter().filter(|path| path.is_dir()).collect();
        assert_eq!(folders.len(), TARGETS.len() + 1);
        assert_eq!(listed(&assets.join("targets/shared")).unwrap().len(), SHARED.len());
        for (path, _, templates) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            let files = listed(folder.parent().unwrap()).unwrap();
            assert_eq!(files.len(), templates.len() + 1, "{path}");
        }
    }

    #[test]
    fn the_state_adds_and_replaces_agents_and_targets() {
        let state = tempfile::tempdir().unwrap();
        fs::create_dir_all(state.path().join("agents")).unwrap();
        let (_, ours) = AGENTS[0];
        let changed = ours.replacen("title = \"", "title = \"Our own ", 1);
        fs::write(state.path().join("agents/a.toml"), &changed).unwrap();
        fs::write(state.path().join("agents/b.toml"), ours.replacen("id = \"imd-activate\"", "id = \"other\"", 1))
            .unwrap();
        let agents = agents(Some(state.path())).unwrap();
        let ids: Vec<_> = agents.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, ["imd-activate", "insync", "other"]);
        assert!(agents[0].title.starts_with("Our own "));

        let folder = state.path().join("targets/msiexec");
        fs::create_dir_all(&folder).unwrap();
        let (_, toml, templates) = TARGETS[0];
        fs::write(folder.join("target.toml"), toml.replacen("title = \"", "title = \"Our own ", 1)).unwrap();
        for (name, text) in templates {
            fs::write(folder.join(name), text).unwrap();
        }
        let targets = targets(Some(state.path())).unwrap();
        assert_eq!(targets.len(), TARGETS.len());
        assert!(targets[0].title.starts_with("Our own "));
    }

    #[test]
    fn a_wrong_definition_is_named_with_its_path() {
        let state = tempfile::tempdir().unwrap();
        fs::create_dir_all(state.path().join("agents")).unwrap();
        fs::write(state.path().join("agents/a.toml"), "id = \"x\"\ncolor = 1\n").unwrap();
        let error = agents(Some(state.path())).unwrap_err();
        assert!(matches!(&error, Error::Definition { path, .. } if path.ends_with("agents/a.toml")), "{error}");
        let folder = state.path().join("targets/b");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("target.toml"), TARGETS[0].1).unwrap();
        assert!(
            matches!(targets(Some(state.path())), Err(Error::Definition { why, .. }) if why.contains("no template"))
        );
    }
}
