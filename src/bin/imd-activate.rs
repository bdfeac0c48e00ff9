//! `imd-activate`: the laptop's side of a mass deployment.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use imd::laptop::{self, Activation, Claim, Error, Laptop, Waits};
use imd::protocol::{ProofKind, State};
use imd::secrets::{Secret, read_secret_file};
use url::Url;

/// Enrols this laptop with a deployment token, and makes it its user's at log-on.
#[derive(Debug, Parser)]
#[command(name = "imd-activate", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The system's folder
    #[arg(
        long,
        value_name = "DIR",
        env = "IMD_ACTIVATE_STATE",
        default_value = "/var/lib/imd-activate",
        global = true
    )]
    state: PathBuf,
    /// The user's folder; absent: in their own data folder
    #[arg(long, value_name = "DIR", env = "IMD_ACTIVATE_USER", global = true)]
    user_state: Option<PathBuf>,
    /// A proxy that speaks CONNECT, or "none"; absent: what HTTPS_PROXY says
    #[arg(long, value_name = "URL", global = true)]
    proxy: Option<String>,
    /// Try once, and do not wait for a service that does not answer
    #[arg(long, global = true)]
    once: bool,
    /// Where the hardware says what it is
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    dmi: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// At install time, by root: the token buys a pending device
    Enrol {
        /// A file that holds the token, deleted once it was used; standard input when absent
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// At log-on, by the user: make this laptop theirs
    Claim {
        /// The user's name, such as CORP\name or name@corp.example.com; absent: who is logged on
        #[arg(long)]
        user: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Say in one line what this laptop waits for
    Status,
    /// Say that this laptop is still there; weekly, by root
    CheckIn,
}

/// What went wrong, and what to do.
struct Failure {
    message: String,
    help: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { message: error.to_string(), help: error.help() }
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program on the command line")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(Failure { message, help }) => {
            eprintln!("error: {message}\nhelp: {help}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<String, Failure> {
    let laptop = Laptop {
        system: arguments.state.clone(),
        user: user_folder(arguments)?,
        proxy: proxy(arguments.proxy.as_deref())?,
        dmi: arguments.dmi.clone(),
    };
    match &arguments.verb {
        Verb::Enrol { token_file } => {
            let token = match token_file {
                Some(path) => read_secret_file(path).map_err(Error::from)?,
                None => token_from_stdin()?,
            };
            let device = patiently(arguments.once, || laptop.enrol(&token))?;
            if let Some(path) = token_file {
                laptop.forget_token(path)?;
            }
            Ok(format!("enrolled as device {device}"))
        }
        Verb::Claim { user, password_stdin } => {
            let user = user.clone().or_else(logged_on).ok_or_else(|| Failure {
                message: "nobody is known to be logged on".to_owned(),
                help: "give the name with --user".to_owned(),
            })?;
            let claim = proof(&laptop, user, *password_stdin)?;
            Ok(told(&patiently(arguments.once, || laptop.claim(&claim))?))
        }
        Verb::Status => Ok(waits(&laptop.waits()?)),
        Verb::CheckIn => {
            let answer = patiently(arguments.once, || laptop.check_in())?;
            Ok(format!("device {} is {}", answer.device, word(answer.state)))
        }
    }
}

/// Tries until it succeeds or cannot, for as long as it takes.
fn patiently<T>(once: bool, act: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut tried = 0;
    loop {
        match act() {
            Err(error) if error.is_passing() && !once => {
                let mut random = [0; 4];
                getrandom::fill(&mut random).map_err(|_| Error::NoRandomness)?;
                let wait = laptop::back_off(tried, error.retry_after(), u32::from_ne_bytes(random));
                note(&format!("{error}; trying again in {} s", wait.as_secs()));
                std::thread::sleep(wait);
                tried += 1;
            }
            done => return done,
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever waits should know why")]
fn note(line: &str) {
    eprintln!("{line}");
}

/// The first of the proofs that the service takes which can be given from here.
fn proof(laptop: &Laptop, user: String, from_stdin: bool) -> Result<Claim, Error> {
    let proofs = laptop.claim_code()?.proofs;
    if proofs.contains(&ProofKind::Password) {
        let password = if from_stdin || !std::io::stdin().is_terminal() {
            laptop::password_from_stdin()?
        } else {
            laptop::password_from_terminal(&user)?
        };
        return Ok(Claim::Password { user, password });
    }
    if proofs.contains(&ProofKind::Claimed) {
        return Ok(Claim::Claimed { user });
    }
    Err(Error::NoProof(proofs.iter().map(|proof| format!("{proof:?}").to_lowercase()).collect::<Vec<_>>().join(", ")))
}

fn told(activation: &Activation) -> String {
    let Some(account) = &activation.account else { return "activated".to_owned() };
    let user = imd::model::text::shown(&account.user);
    let none = if activation.proof == Some(ProofKind::Claimed) { " (on the name alone)" } else { "" };
    format!("activated for {user}{none}: profile {}, storage {}", account.profile, account.storage)
}

fn waits(waits: &Waits) -> String {
    match waits {
        Waits::ForToken => "not enrolled: it waits for `imd-activate enrol` with a token".to_owned(),
        Waits::ForService => "not enrolled yet: the service has not answered".to_owned(),
        Waits::ForUser { device, .. } => {
            format!("enrolled as device {device}: it waits for its user (`imd-activate claim`)")
        }
        Waits::ForNothing { device, user: Some(user) } => {
            format!("activated for {} as device {device}", imd::model::text::shown(user))
        }
        Waits::ForNothing { device, user: None } => format!("activated as device {device}"),
        Waits::Ended { device, state: State::Preserved } => {
            format!("device {device} is preserved: it waits for its user to be back in the directory")
        }
        Waits::Ended { device, state } => {
            format!("device {device} is {}: it waits for `imd-activate enrol` with a token", word(*state))
        }
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Activated => "activated",
        State::Replaced => "replaced",
        State::Freed => "freed",
        State::Revoked => "revoked",
        State::Preserved => "preserved",
    }
}

fn token_from_stdin() -> Result<Secret, Error> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(4_096));
    std::io::stdin().lock().take(4_096).read_to_string(&mut text).map_err(Error::System)?;
    Ok(Secret::new(text.trim()))
}

fn user_folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let of = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || of("HOME").map(|home| home.join(".local/share"));
    let default = || of("XDG_DATA_HOME").or_else(home).map(|path| path.join("imd-activate"));
    arguments.user_state.clone().or_else(default).ok_or_else(|| Failure {
        message: "this user has no home folder".to_owned(),
        help: "name a folder with --user-state".to_owned(),
    })
}

fn proxy(given: Option<&str>) -> Result<Option<Url>, Failure> {
    let system = || ["HTTPS_PROXY", "https_proxy"].iter().find_map(|name| std::env::var(name).ok());
    let text = match given {
        Some("none") => None,
        Some("system") | None => system(),
        Some(url) => Some(url.to_owned()),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(Some(url)),
        _ => Err(Failure {
            message: "the proxy is not an address such as http://proxy.corp.example.com:3128".to_owned(),
            help: "correct --proxy or HTTPS_PROXY, or give --proxy none".to_owned(),
        }),
    }
}

fn logged_on() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty())
}
