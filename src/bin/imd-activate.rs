//! `imd-activate`: the laptop's side of a mass deployment.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use imd::laptop::placed::{self, Placed};
use imd::laptop::{self, Activation, Claim, Error, Laptop, Tended, Waits};
use imd::protocol::{AuthMethod, Code, State};
use imd::secrets::read_secret_file;

/// Enrolls this laptop with a deployment token, and makes it its user's at log-on.
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
    Enroll {
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
    /// The system's part, for timers: enroll with the token that was placed here, or check in when a week is over
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
    imd::model::moment::show_in(jiff::tz::TimeZone::system());
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
    let patience = |wanted| if arguments.once { Patience::Once } else { wanted };
    match &arguments.verb {
        Verb::Enroll { token_file } => {
            let token = match token_file {
                Some(path) => read_secret_file(path).map_err(Error::from)?,
                None => laptop::token_from_stdin()?,
            };
            let device = patiently(patience(Patience::WhatPasses), || laptop.enroll(&token))?;
            if let Some(path) = token_file {
                laptop.forget_token(path)?;
            }
            Ok(format!("enrolled as device {device}"))
        }
        Verb::Claim { user, password_stdin, log_on } => {
            let patience = patience(if *log_on { Patience::WhatMayPass } else { Patience::WhatPasses });
            if *log_on && let Some(done) = at_log_on(&laptop, patience)? {
                return Ok(done);
            }
            let claiming = Claiming {
                laptop: &laptop,
                user: user.as_deref(),
                from_stdin: *password_stdin,
                log_on: *log_on,
                patience,
            };
            Ok(told(&claiming.run()?))
        }
        Verb::Status => Ok(say(&laptop.waits()?)),
        Verb::CheckIn => {
            let answer = patiently(patience(Patience::WhatPasses), || laptop.check_in())?;
            Ok(format!("device {} is {}", answer.device, word(answer.state)))
        }
        Verb::Tend => Ok(match patiently(patience(Patience::WhatMayPass), || laptop.tend(&placed))? {
            Tended::Enrolled { device } => format!("enrolled as device {device}"),
            Tended::CheckedIn(answer) => format!("device {} is {}", answer.device, word(answer.state)),
            Tended::Until(at) => format!("nothing to do until {}", imd::model::moment::minute(at)),
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

/// Waits until the laptop is enrolled, and says what there is to say when it is not to be claimed by this user.
fn at_log_on(laptop: &Laptop, patience: Patience) -> Result<Option<String>, Failure> {
    let waits = patiently(patience, || match laptop.waits()? {
        Waits::ForToken | Waits::ForService => Err(Error::NotYetEnrolled),
        waits => Ok(waits),
    })?;
    match &waits {
        Waits::ForUser { .. } => Ok(None),
        Waits::ForNothing { user: Some(_), .. } => {
            // One that failed, or that came later than the user.
            laptop.run_hook()?;
            Ok(Some(say(&waits)))
        }
        Waits::ForNothing { device, user: None } => Ok(Some(format!(
            "device {device} is activated for somebody else (if it is yours, run `imd-activate claim`)"
        ))),
        Waits::Ended { state: State::Preserved, .. } => Ok(Some(say(&waits))),
        _ => Err(Failure { message: say(&waits), help: Error::NotEnrolled.help() }),
    }
}

/// A claim, by whatever proof the service takes and can be given from here.
struct Claiming<'a> {
    laptop: &'a Laptop,
    user: Option<&'a str>,
    from_stdin: bool,
    log_on: bool,
    patience: Patience,
}

impl Claiming<'_> {
    /// Tries the proofs in their order, a ticket first as nobody has to type it. When another is wanted than was known
    /// here, it is tried at once.
    fn run(&self) -> Result<Activation, Failure> {
        let mut auth_methods = self.laptop.claim_code()?.auth_methods;
        let (mut tried, mut last) = (Vec::new(), None);
        loop {
            let mut left: Vec<_> = auth_methods.iter().copied().filter(|auth| !tried.contains(auth)).collect();
            // A ticket is the session's: another name or a password means another proof.
            left.retain(|auth| *auth != AuthMethod::Kerberos || (self.user.is_none() && !self.from_stdin));
            left.sort_by_key(|auth| *auth != AuthMethod::Kerberos);
            let Some(auth) = left.first() else {
                let words: Vec<_> = auth_methods.iter().map(|auth| auth.word()).collect();
                return Err(last.unwrap_or_else(|| Error::NoAuth(words.join(", "))).into());
            };
            tried.push(*auth);
            let claimed = match auth {
                AuthMethod::Kerberos => self.by_ticket(&left[1..]).map_err(Failed::Act),
                _ => self.by_name(*auth),
            };
            last = Some(match claimed {
                Ok(activation) => return Ok(activation),
                Err(Failed::Act(error @ Error::Denied { code: Code::AuthNotAccepted, .. })) => {
                    if let Error::Denied { auth_methods: wanted, .. } = &error
                        && !wanted.is_empty()
                    {
                        auth_methods.clone_from(wanted);
                    }
                    error
                }
                // No ticket here: the next proof is as good.
                Err(Failed::Act(error @ Error::Kerberos(_))) => error,
                Err(Failed::Act(error)) => return Err(error.into()),
                Err(Failed::Here(failure)) => return Err(failure),
            });
        }
    }

    /// Looks for a ticket first; where nobody can give another proof, it is waited for.
    fn by_ticket(&self, others: &[AuthMethod]) -> Result<Activation, Error> {
        let somebody_types = !self.log_on || std::io::stdin().is_terminal();
        if somebody_types && !others.is_empty() {
            self.laptop.look_for_ticket()?;
        }
        patiently(self.patience, || {
            self.laptop.look_for_ticket()?;
            self.laptop.claim(&Claim::Kerberos)
        })
    }

    /// At log-on a wrong password is asked for again, as a window that closes tells nobody why.
    fn by_name(&self, auth: AuthMethod) -> Result<Activation, Failed> {
        let user = self.user.map(str::to_owned).or_else(logged_on).ok_or_else(|| {
            Failed::Here(Failure {
                message: "nobody is known to be logged on".to_owned(),
                help: "give the name with --user".to_owned(),
            })
        })?;
        let asks = self.log_on && !self.from_stdin && std::io::stdin().is_terminal();
        let mut tried = 1;
        loop {
            let claim = match auth {
                AuthMethod::Password => Claim::Password { user: user.clone(), password: self.password(&user)? },
                _ => Claim::Unverified { user: user.clone() },
            };
            match patiently(self.patience, || self.laptop.claim(&claim)) {
                Err(error @ Error::Denied { code: Code::Refused, .. }) if asks && tried < 3 => {
                    tried += 1;
                    note(&error.to_string());
                }
                done => return done.map_err(Failed::Act),
            }
        }
    }

    fn password(&self, user: &str) -> Result<imd::secrets::Secret, Failed> {
        let password = if self.from_stdin || !std::io::stdin().is_terminal() {
            laptop::password_from_stdin()
        } else {
            laptop::password_from_terminal(user)
        };
        password.map_err(Failed::Act)
    }
}

/// Whether another proof may help.
enum Failed {
    Act(Error),
    Here(Failure),
}

/// What is tried again.
#[derive(Clone, Copy)]
enum Patience {
    Once,
    /// What passes by itself. Somebody looks, and is told the rest at once.
    WhatPasses,
    /// Whatever may pass, for as long as it takes: nobody looks.
    WhatMayPass,
}

impl Patience {
    fn with(self, error: &Error) -> bool {
        match self {
            Self::Once => false,
            Self::WhatPasses => error.is_passing(),
            Self::WhatMayPass => error.may_pass(),
        }
    }
}

/// Tries until it succeeds or cannot, for as long as it takes.
fn patiently<T>(patience: Patience, act: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut tried = 0;
    loop {
        match act() {
            Err(error) if patience.with(&error) => {
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

fn told(activation: &Activation) -> String {
    let Some(account) = &activation.account else { return "activated".to_owned() };
    let user = imd::model::text::shown(&account.user);
    let none = if activation.auth == Some(AuthMethod::Unverified) { " (on the name alone)" } else { "" };
    format!("activated for {user}{none}: profile {}, storage {}", account.profile, account.storage)
}

/// In one line.
fn say(waits: &Waits) -> String {
    match waits {
        Waits::ForToken => "not enrolled: it waits for `imd-activate enroll` with a token".to_owned(),
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
            format!("device {device} is {}: it waits for `imd-activate enroll` with a token", word(*state))
        }
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Activated => "activated",
        State::Replaced => "replaced",
        State::Released => "released",
        State::Revoked => "revoked",
        State::Preserved => "preserved",
    }
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
