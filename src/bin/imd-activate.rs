//! `imd-activate`: the laptop's side of a mass deployment.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use imd::laptop::placed::{self, Placed};
use imd::laptop::{self, Activation, Claim, Error, Laptop, Tended, Waits};
use imd::protocol::{Code, ProofKind, State};
use imd::secrets::{Secret, read_secret_file};

/// Enrols this laptop with a deployment token, and makes it its user's at log-on.
#[derive(Debug, Parser)]
#[command(name = "imd-activate", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The system's folder; absent: /var/lib/imd-activate, on a Mac /var/db/imd-activate, on Windows
    /// %ProgramData%\imd-activate
    #[arg(long, value_name = "DIR", env = "IMD_ACTIVATE_STATE", global = true)]
    state: Option<PathBuf>,
    /// The user's folder; absent: in their own data folder
    #[arg(long, value_name = "DIR", env = "IMD_ACTIVATE_USER", global = true)]
    user_state: Option<PathBuf>,
    /// A proxy that speaks CONNECT, "system" (what HTTPS_PROXY says) or "none"; absent: as the settings say
    #[arg(long, value_name = "URL", global = true)]
    proxy: Option<String>,
    /// Try once, and do not wait for a service that does not answer
    #[arg(long, global = true)]
    once: bool,
    /// Where the hardware says what it is
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    dmi: Option<PathBuf>,
    /// Below which folder an installer puts the token and the settings
    #[arg(long, value_name = "DIR", global = true, hide = true, default_value = "/")]
    root: PathBuf,
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
        /// The user's name, such as CORP\name or name@corp.example.com; absent: whose Kerberos ticket the session has,
        /// else who is logged on
        #[arg(long)]
        user: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Wait until the laptop is enrolled, and do nothing when it is theirs already
        #[arg(long)]
        log_on: bool,
    },
    /// Say in one line what this laptop waits for
    Status,
    /// Say that this laptop is still there; weekly, by root
    CheckIn,
    /// The system's part, for timers: enrol with the token that was placed here, or check in when a week is over
    Tend,
    /// Copy a token to where `tend` finds it; for the installer
    #[cfg(windows)]
    Place {
        /// The file that holds it; it is left as it is
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        /// A file beside which it lies when it is no whole path
        #[arg(long, value_name = "FILE")]
        beside: PathBuf,
    },
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
    let placed = match &arguments.verb {
        // Users may not read what was placed there, and find what they need in the claim code.
        Verb::Claim { .. } | Verb::Status => Placed::default(),
        _ => placed::read(&arguments.root)?,
    };
    let laptop = Laptop {
        system: arguments.state.clone().unwrap_or_else(system_folder),
        user: user_folder(arguments)?,
        settings: placed.settings.clone(),
        proxy: arguments.proxy.clone(),
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
        Verb::Claim { user, password_stdin, log_on } => {
            if *log_on && is_theirs_already(&laptop, arguments.once)? {
                return Ok(waits(&laptop.waits()?));
            }
            let proofs = laptop.claim_code()?.proofs;
            // A ticket is the session's: another name or a password means another proof.
            let by_ticket = proofs.contains(&ProofKind::Kerberos) && user.is_none() && !password_stdin;
            if by_ticket {
                let by_ticket = laptop.look_for_ticket();
                match by_ticket.and_then(|()| patiently(arguments.once, || laptop.claim(&Claim::Kerberos))) {
                    // No ticket here, or no keytab there: the next proof is as good.
                    Err(Error::Kerberos(_) | Error::Denied { code: Code::ProofNotAccepted, .. })
                        if proofs.len() > 1 => {}
                    done => return Ok(told(&done?)),
                }
            }
            let user = user.clone().or_else(logged_on).ok_or_else(|| Failure {
                message: "nobody is known to be logged on".to_owned(),
                help: "give the name with --user".to_owned(),
            })?;
            claim(&laptop, &proofs, &user, *password_stdin, *log_on, arguments.once)
        }
        Verb::Status => Ok(waits(&laptop.waits()?)),
        Verb::CheckIn => {
            let answer = patiently(arguments.once, || laptop.check_in())?;
            Ok(format!("device {} is {}", answer.device, word(answer.state)))
        }
        Verb::Tend => Ok(match patiently(arguments.once, || laptop.tend(&placed))? {
            Tended::Enrolled { device } => format!("enrolled as device {device}"),
            Tended::CheckedIn(answer) => format!("device {} is {}", answer.device, word(answer.state)),
            Tended::Until(at) => format!("nothing to do until {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Tended::WaitsForToken => "not enrolled: no token was placed here".to_owned(),
        }),
        #[cfg(windows)]
        Verb::Place { token_file, beside } => {
            let folder = beside.parent().unwrap_or(beside);
            // A whole path stays what it is.
            placed::put_token(&folder.join(token_file))?;
            Ok("the token is placed".to_owned())
        }
    }
}

/// Whether there is nothing to claim; waits until the laptop is enrolled.
fn is_theirs_already(laptop: &Laptop, once: bool) -> Result<bool, Failure> {
    let enrolled = patiently(once, || match laptop.waits()? {
        Waits::ForToken | Waits::ForService => Err(Error::NotYetEnrolled),
        waits => Ok(waits),
    });
    Ok(matches!(enrolled?, Waits::ForNothing { user: Some(_), .. }))
}

/// Claims; at log-on a wrong password is asked for again, as a window that closes tells nobody why.
fn claim(
    laptop: &Laptop,
    proofs: &[ProofKind],
    user: &str,
    from_stdin: bool,
    log_on: bool,
    once: bool,
) -> Result<String, Failure> {
    let asks = log_on && !from_stdin && std::io::stdin().is_terminal();
    let mut tried = 1;
    loop {
        let proof = proof(proofs, user.to_owned(), from_stdin)?;
        match patiently(once, || laptop.claim(&proof)) {
            Err(error @ Error::Denied { code: Code::Refused, .. }) if asks && tried < 3 => {
                tried += 1;
                note(&error.to_string());
            }
            done => return Ok(told(&done?)),
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

/// The first of the proofs that the service takes which can be given from here without a ticket.
fn proof(proofs: &[ProofKind], user: String, from_stdin: bool) -> Result<Claim, Error> {
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

fn system_folder() -> PathBuf {
    #[cfg(windows)]
    return placed::program_data();
    #[cfg(not(windows))]
    PathBuf::from(if cfg!(target_os = "macos") { "/var/db/imd-activate" } else { "/var/lib/imd-activate" })
}

fn user_folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let of = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let folder = || {
        if cfg!(windows) {
            of("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            of("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            of("XDG_DATA_HOME").or_else(|| of("HOME").map(|home| home.join(".local/share")))
        }
    };
    // The system's part has no use for it, and systemd gives a service no home.
    let needless = !matches!(arguments.verb, Verb::Claim { .. } | Verb::Status);
    let found = arguments.user_state.clone().or_else(|| folder().map(|path| path.join("imd-activate")));
    found.or_else(|| needless.then(PathBuf::new)).ok_or_else(|| Failure {
        message: "this user has no home folder".to_owned(),
        help: "name a folder with --user-state".to_owned(),
    })
}

/// Who is logged on, as `DOMAIN\name` where the system says the domain.
fn logged_on() -> Option<String> {
    let of = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if cfg!(windows) {
        let name = of("USERNAME")?;
        return Some(of("USERDOMAIN").map_or_else(|| name.clone(), |domain| format!(r"{domain}\{name}")));
    }
    of("USER").or_else(|| of("LOGNAME"))
}
