//! `imd completions`, `imd man` and `imd help`: generated from the command line's own definition.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Failure;
use super::arguments::Arguments;
use super::output::Output;

/// The command that loads the completions in a shell.
fn loading(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "imd completions bash > ~/.local/share/bash-completion/completions/imd",
        Shell::Fish => "imd completions fish > ~/.config/fish/completions/imd.fish",
        Shell::Zsh => "imd completions zsh > a file _imd in a folder of $fpath",
        Shell::PowerShell => "imd completions powershell | Out-String | Invoke-Expression, in $PROFILE",
        _ => "imd completions SHELL > a file that your shell reads when it starts",
    }
}

pub(super) fn completions(shell: Shell, output: &Output) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "imd", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.is_json() {
        let shell = shell.to_string();
        return Ok(output.document(&serde_json::json!({ "shell": shell, "script": text }))?);
    }
    if std::io::IsTerminal::is_terminal(&io::stdout()) {
        output.note(&format!("To load it: {}", loading(shell)))?;
    }
    Ok(output.raw(text.trim_end())?)
}

/// `imd help token create`: what `imd token create --help` prints.
pub(super) fn help(words: &[String], output: &Output) -> Result<(), Failure> {
    let mut root = super::arguments::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word).ok_or_else(|| Failure::Usage {
            message: format!("unknown command: {}", crate::model::text::shown(&words.join(" "))),
            help: "`imd help` lists the commands".to_owned(),
        })?;
    }
    let text = command.render_long_help().to_string();
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "command": words.join(" "), "help": text }))?);
    }
    Ok(output.raw(text.trim_end())?)
}

/// Writes a page for imd and one for each command, such as `imd-token-create.1`; existing pages are replaced.
pub(super) fn man(folder: &Path, output: &Output) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Plain {
        message: format!("{} cannot be written: {error}", crate::model::text::shown(&folder.to_string_lossy())),
        help: "choose a folder that you can write to; it is created if missing".to_owned(),
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut root = Arguments::command();
    root.build();
    let mut pages = Vec::new();
    write(&root, "imd", folder, &mut pages).map_err(failed)?;
    if output.is_json() {
        return Ok(output.document(&serde_json::json!({ "folder": folder, "items": pages }))?);
    }
    let shown = crate::model::text::shown(&folder.to_string_lossy());
    Ok(output.note(&format!("{} pages are in {shown}; `man {shown}/imd.1` shows the first.", pages.len()))?)
}

fn write(command: &clap::Command, name: &str, folder: &Path, pages: &mut Vec<String>) -> io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).section("1").render(&mut page)?;
    let file = format!("{name}.1");
    fs::write(folder.join(&file), page)?;
    pages.push(file);
    for verb in command.get_subcommands() {
        write(verb, &format!("{name}-{}", verb.get_name()), folder, pages)?;
    }
    Ok(())
}
