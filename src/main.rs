//! `imd`: parse the command line, pick a face, return its exit code.

use std::process::ExitCode;

use jiff::tz::TimeZone;

use imd::cli::{self, Color, Faces, Log, NoFace};
use imd::model::moment;
use imd::{plain, service, tui};

fn main() -> ExitCode {
    moment::show_in(TimeZone::system());
    cli::main(&Faces {
        console: &|engine, color| {
            let color = match color {
                Color::Auto => tui::Color::Auto,
                Color::Always => tui::Color::Always,
                Color::Never => tui::Color::Never,
            };
            tui::run(engine, color).map_err(|error| NoFace { message: error.to_string(), help: error.help() })
        },
        plain: &|engine| plain::run(engine).map_err(|error| NoFace { message: error.to_string(), help: error.help() }),
        service: &|engine, serve, tell| {
            let cli::Serve { listen, cert, key, proxy, keytab, cache_age, log } = serve;
            let options = service::Options {
                listen: *listen,
                certificate: cert.clone().zip(key.clone()),
                proxies: proxy.clone(),
                keytab: keytab.clone(),
                cache_age: cache_age.signed(),
                log: match log {
                    Log::Off => service::Verbosity::Off,
                    Log::Error => service::Verbosity::Error,
                    Log::Warn => service::Verbosity::Warn,
                    Log::Info => service::Verbosity::Info,
                    Log::Debug => service::Verbosity::Debug,
                },
            };
            service::run(engine, &options, tell)
                .map_err(|error| NoFace { message: error.to_string(), help: error.help() })
        },
        passphrase: &|twice| {
            plain::passphrase(twice).map_err(|error| NoFace {
                message: error.to_string(),
                help: "without a terminal, give it by --passphrase-file FILE".to_owned(),
            })
        },
    })
}
