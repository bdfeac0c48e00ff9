//! `imd-activate`: the laptop's side of a mass deployment.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use imd::laptop::provisioned::{self, Provisioned};
use imd::laptop::retry::{Policy, retry};
use imd::laptop::{self, Activation, Claim, Error, Laptop, Status, Tended};
use imd::protocol::{AuthMethod, Code, State};
use imd::secrets::read_secret_file;

/// Enrolls this laptop with a deployment token, and activates it for its user at log-on.
#[derive(Debug, Parser)]
#[command(name = "imd-activate", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// The system's folder [default: /var/lib/imd-activate; on macOS /var/db/imd-activate; on Windows
    /// %ProgramData%\imd-activate]
    #[arg(long, value_name = "DIR", env = "IMD_ACTIVATE_STATE", global = true)]
    state: Option<PathBuf>,
    /// The user's folder [default: imd-activate in the user's data folder]
    #[arg(long, value_name = "DIR", env = "IMD_ACTIVATE_USER", global = true)]
    user_state: Option<PathBuf>,
    /// A proxy that supports CONNECT, "system" (HTTPS_PROXY) or "none" [default: from the settings]
    #[arg(long, value_name = "URL", global = true)]
    proxy: Option<String>,
    /// Try once; do not wait for a service that does not answer
    #[arg(long, global = true)]
    once: bool,
    /// The folder with the hardware's UUID and serial number
    #[arg(long, value_name = "DIR", global = true, hide = true)]
    dmi: Option<PathBuf>,
    /// The folder below which the token and the settings are
    #[arg(long, value_name = "DIR", global = true, hide = true, default_value = "/")]
    root: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Enroll this laptop with a token; at install time, as root
    Enroll {
        /// The file with the token, deleted after use [default: standard input]
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Activate this laptop for the user; at log-on, as the user
    Claim {
        /// The user's name, such as CORP\name or name@corp.example.com [default: the session's Kerberos ticket, else the
        /// user who is logged on]
        #[arg(long)]
        user: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Wait until the laptop is enrolled; do nothing when it is already activated for this user
        #[arg(long)]
        log_on: bool,
    },
    /// Print the state of this laptop in one line
    Status,
    /// Report that this laptop is still in use; weekly, as root
    CheckIn,
    /// Enroll with the provisioned token, or check in when it is due; for timers, as root
    Tend,
    /// Copy a token to where `tend` looks for it; for the installer
    #[cfg(windows)]
    Place {
        /// The file with the token; it is kept
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
        /// A relative --token-file is relative to the folder of this file
        #[arg(long, value_name = "FILE")]
        relative_to: PathBuf,
    },
}

/// How often a wrong password may be entered at log-on.
const PASSWORD_ATTEMPTS: u32 = 3;

/// An error and what to do next.
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
    let provisioned = match &arguments.verb {
        // Users may not read the provisioned files; `claim.json` has the values that they need.
        Verb::Claim { .. } | Verb::Status => Provisioned::default(),
        _ => provisioned::read(&arguments.root)?,
    };
    let laptop = Laptop {
        system: arguments.state.clone().unwrap_or_else(system_folder),
        user: user_folder(arguments)?,
        settings: provisioned.settings.clone(),
        proxy: arguments.proxy.clone(),
        dmi: arguments.dmi.clone(),
    };
    let policy = |default| if arguments.once { Policy::Once } else { default };
    match &arguments.verb {
        Verb::Enroll { token_file } => {
            let token = match token_file {
                Some(path) => read_secret_file(path).map_err(Error::from)?,
                None => laptop::token_from_stdin()?,
            };
            let device = retry(policy(Policy::Attended), report, || laptop.enroll(&token))?;
            if let Some(path) = token_file {
                laptop.delete_token(path)?;
            }
            Ok(format!("enrolled as device {device}"))
        }
        Verb::Claim { user, password_stdin, log_on } => {
            let policy = policy(if *log_on { Policy::Unattended } else { Policy::Attended });
            if *log_on && let Some(done) = at_log_on(&laptop, policy)? {
                return Ok(done);
            }
            let claiming = Claiming {
                laptop: &laptop,
                user: user.as_deref(),
                from_stdin: *password_stdin,
                log_on: *log_on,
                policy,
            };
            Ok(describe_activation(&claiming.run()?))
        }
        Verb::Status => Ok(describe_status(&laptop.status()?)),
        Verb::CheckIn => {
            let answer = retry(policy(Policy::Attended), report, || laptop.check_in())?;
            Ok(format!("device {} is {}", answer.device, state_word(answer.state)))
        }
        Verb::Tend => Ok(match retry(policy(Policy::Unattended), report, || laptop.tend(&provisioned))? {
            Tended::Enrolled { device } => format!("enrolled as device {device}"),
            Tended::CheckedIn(answer) => format!("device {} is {}", answer.device, state_word(answer.state)),
            Tended::NotDueUntil(at) => format!("next check-in after {}", imd::model::moment::minute(at)),
            Tended::NoToken => "not enrolled: no token was provisioned".to_owned(),
        }),
        #[cfg(windows)]
        Verb::Place { token_file, relative_to } => {
            let folder = relative_to.parent().unwrap_or(relative_to);
            provisioned::put_token(&folder.join(token_file))?;
            Ok("token copied".to_owned())
        }
    }
}

/// Waits until the laptop is enrolled. Returns the line to print when this user does not have to claim it.
fn at_log_on(laptop: &Laptop, policy: Policy) -> Result<Option<String>, Failure> {
    let status = retry(policy, report, || match laptop.status()? {
        Status::NotEnrolled | Status::Enrolling => Err(Error::NotYetEnrolled),
        status => Ok(status),
    })?;
    match &status {
        Status::Pending { .. } => Ok(None),
        Status::Activated { user: Some(_), .. } => {
            // The hook may have failed before, or was installed after the claim.
            laptop.run_hook()?;
            Ok(Some(describe_status(&status)))
        }
        Status::Activated { device, user: None } => Ok(Some(format!(
            "device {device} is activated for another user (if it is yours, run `imd-activate claim`)"
        ))),
        Status::Ended { state: State::Preserved, .. } => Ok(Some(describe_status(&status))),
        _ => Err(Failure { message: describe_status(&status), help: Error::NotEnrolled.help() }),
    }
}

/// A claim with the first authentication method that the service accepts and that works here.
struct Claiming<'a> {
    laptop: &'a Laptop,
    user: Option<&'a str>,
    from_stdin: bool,
    log_on: bool,
    policy: Policy,
}

impl Claiming<'_> {
    /// Tries the authentication methods in order, Kerberos first because it needs no input. Methods that the service names
    /// in a refusal are tried next.
    fn run(&self) -> Result<Activation, Failure> {
        let mut auth_methods = self.laptop.claim_code()?.auth_methods;
        let (mut tried, mut last) = (Vec::new(), None);
        loop {
            let mut left: Vec<_> = auth_methods.iter().copied().filter(|auth| !tried.contains(auth)).collect();
            // A ticket is for the session's user: a given name or password means another method.
            left.retain(|auth| *auth != AuthMethod::Kerberos || (self.user.is_none() && !self.from_stdin));
            left.sort_by_key(|auth| *auth != AuthMethod::Kerberos);
            let Some(auth) = left.first() else {
                let words: Vec<_> = auth_methods.iter().map(|auth| auth.word()).collect();
                return Err(last.unwrap_or_else(|| Error::NoAuth(words.join(", "))).into());
            };
            tried.push(*auth);
            let claimed = match auth {
                AuthMethod::Kerberos => self.with_ticket(&left[1..]).map_err(Failed::Laptop),
                _ => self.with_name(*auth),
            };
            last = Some(match claimed {
                Ok(activation) => return Ok(activation),
                Err(Failed::Laptop(error @ Error::Denied { code: Code::AuthNotAccepted, .. })) => {
                    if let Error::Denied { auth_methods: accepted, .. } = &error
                        && !accepted.is_empty()
                    {
                        auth_methods.clone_from(accepted);
                    }
                    error
                }
                // No ticket: try the next method.
                Err(Failed::Laptop(error @ Error::Kerberos(_))) => error,
                Err(Failed::Laptop(error)) => return Err(error.into()),
                Err(Failed::Here(failure)) => return Err(failure),
            });
        }
    }

    /// Fails at once without a ticket when another method is possible and a person is present; else waits for a ticket.
    fn with_ticket(&self, others: &[AuthMethod]) -> Result<Activation, Error> {
        let attended = !self.log_on || std::io::stdin().is_terminal();
        if attended && !others.is_empty() {
            self.laptop.look_for_ticket()?;
        }
        retry(self.policy, report, || {
            self.laptop.look_for_ticket()?;
            self.laptop.claim(&Claim::Kerberos)
        })
    }

    /// At log-on a wrong password is asked for again: the window would close before the user could read the error.
    fn with_name(&self, auth: AuthMethod) -> Result<Activation, Failed> {
        let user = self.user.map(str::to_owned).or_else(logged_on).ok_or_else(|| {
            Failed::Here(Failure {
                message: "the logged-on user is unknown".to_owned(),
                help: "pass the name with --user".to_owned(),
            })
        })?;
        let ask_again = self.log_on && !self.from_stdin && std::io::stdin().is_terminal();
        let mut tried = 1;
        loop {
            let claim = match auth {
                AuthMethod::Password => Claim::Password { user: user.clone(), password: self.password(&user)? },
                _ => Claim::Unverified { user: user.clone() },
            };
            match retry(self.policy, report, || self.laptop.claim(&claim)) {
                Err(error @ Error::Denied { code: Code::Refused, .. }) if ask_again && tried < PASSWORD_ATTEMPTS => {
                    tried += 1;
                    report(&error.to_string());
                }
                done => return done.map_err(Failed::Laptop),
            }
        }
    }

    fn password(&self, user: &str) -> Result<imd::secrets::Secret, Failed> {
        let password = if self.from_stdin || !std::io::stdin().is_terminal() {
            laptop::password_from_stdin()
        } else {
            laptop::password_from_terminal(user)
        };
        password.map_err(Failed::Laptop)
    }
}

/// Why a claim failed: an error of the library, or one of this program.
enum Failed {
    Laptop(Error),
    Here(Failure),
}

#[expect(clippy::print_stderr, reason = "a waiting user sees the reason")]
fn report(line: &str) {
    eprintln!("{line}");
}

fn describe_activation(activation: &Activation) -> String {
    let Some(account) = &activation.account else { return "activated".to_owned() };
    let user = imd::model::text::shown(&account.user);
    let note = if activation.auth == Some(AuthMethod::Unverified) { " (unverified)" } else { "" };
    format!("activated for {user}{note}: profile {}, storage {}", account.profile, account.storage)
}

fn describe_status(status: &Status) -> String {
    match status {
        Status::NotEnrolled => "not enrolled: run `imd-activate enroll` with a token".to_owned(),
        Status::Enrolling => "not enrolled yet: the service has not answered".to_owned(),
        Status::Pending { device, .. } => {
            format!("enrolled as device {device}, not activated: its user runs `imd-activate claim`")
        }
        Status::Activated { device, user: Some(user) } => {
            format!("activated for {} as device {device}", imd::model::text::shown(user))
        }
        Status::Activated { device, user: None } => format!("activated as device {device}"),
        Status::Ended { device, state: State::Preserved } => {
            format!("device {device} is preserved until its user is back in the directory")
        }
        Status::Ended { device, state } => {
            format!("device {device} is {}: run `imd-activate enroll` with a token", state_word(*state))
        }
    }
}

fn state_word(state: State) -> &'static str {
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
    return provisioned::program_data();
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
    // The system's verbs do not need it, and a systemd service has no home.
    let not_needed = !matches!(arguments.verb, Verb::Claim { .. } | Verb::Status);
    let found = arguments.user_state.clone().or_else(|| folder().map(|path| path.join("imd-activate")));
    found.or_else(|| not_needed.then(PathBuf::new)).ok_or_else(|| Failure {
        message: "this user has no home folder".to_owned(),
        help: "give a folder with --user-state".to_owned(),
    })
}

/// The logged-on user, as `DOMAIN\name` where the domain is known.
fn logged_on() -> Option<String> {
    let of = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if cfg!(windows) {
        let name = of("USERNAME")?;
        return Some(of("USERDOMAIN").map_or_else(|| name.clone(), |domain| format!(r"{domain}\{name}")));
    }
    of("USER").or_else(|| of("LOGNAME"))
}
