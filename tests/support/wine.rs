//! A Windows without Windows: a Wine prefix of the test's own.
//!
//! Wine hangs when its output is a pipe, so everything goes into files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Rust's std imports it from a library that Wine 8 has not; what is random, it asks the one that Wine has.
const RANDOM: &str = "#include <windows.h>\n#include <bcrypt.h>\n\
    __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T length) {\n\
    return BCryptGenRandom(NULL, to, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0; }\n";

/// Long enough for a first start on a busy machine.
const DEADLINE: Duration = Duration::from_mins(5);

pub struct Wine {
    folder: TempDir,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub text: String,
}

impl Wine {
    pub fn new() -> Self {
        let wine = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(wine.prefix()).unwrap();
        wine.run(Path::new("/"), &["wineboot", "-i"]).succeeded();
        let waited = wine.command("wineserver").arg("-w").status().unwrap();
        assert!(waited.success());
        let (source, library) = (wine.path("random.c"), wine.system().join("bcryptprimitives.dll"));
        std::fs::write(&source, RANDOM).unwrap();
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        compiler.arg("-shared").arg("-o").arg(library).arg(source).arg("-lbcrypt");
        assert!(compiler.status().expect("mingw's compiler runs").success());
        wine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn prefix(&self) -> PathBuf {
        self.path("prefix")
    }

    /// A path on `C:`, with slashes.
    pub fn drive(&self, path: &str) -> PathBuf {
        self.prefix().join("drive_c").join(path)
    }

    fn system(&self) -> PathBuf {
        self.drive("windows/system32")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/lib/wine").env("HOME", self.folder.path());
        command.env("WINEPREFIX", self.prefix()).env("WINEDEBUG", "-all");
        // Neither asks for a browser and a .NET, nor puts anything into menus.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=d");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Runs a program of Windows there, to its end.
    pub fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        let said = self.path("said.txt");
        let to = |file: &File| Stdio::from(file.try_clone().unwrap());
        let file = File::create(&said).unwrap();
        let mut command = self.command("timeout");
        command.arg(DEADLINE.as_secs().to_string()).arg("wine").args(arguments).current_dir(folder);
        let status = command.stdout(to(&file)).stderr(to(&file)).status().unwrap();
        let text = String::from_utf8_lossy(&std::fs::read(&said).unwrap()).replace("\r\n", "\n");
        Ran { code: status.code().unwrap(), text }
    }

    /// Runs lines as a batch file in a folder of Unix.
    pub fn batch(&self, folder: &Path, lines: &str) -> Ran {
        let file = folder.join("lines-of-the-test.cmd");
        std::fs::write(&file, format!("@echo off\n{lines}\n").replace('\n', "\r\n")).unwrap();
        let ran = self.run(folder, &["cmd", "/c", "lines-of-the-test.cmd"]);
        std::fs::remove_file(file).unwrap();
        ran
    }

    /// A text in the registry; `None` when there is none.
    pub fn registry(&self, key: &str, name: &str) -> Option<String> {
        let ran = self.run(Path::new("/"), &["reg", "query", key, "/v", name]);
        let line = ran.text.lines().find(|line| line.contains("REG_SZ"))?;
        line.split_once("REG_SZ").map(|(_, value)| value.trim().to_owned())
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Ends what runs in this prefix, and in no other.
        let _ = self.command("wineserver").arg("-k").status();
        let _ = self.command("wineserver").arg("-w").status();
    }
}

impl Ran {
    #[track_caller]
    pub fn succeeded(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.text
    }
}
