//! Why a laptop was refused: for the administrator. What the laptop is told is less (`protocol`).

use jiff::Timestamp;

use super::device::DeviceId;
use super::text::Untrusted;

/// What a laptop asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Enroll,
    Claim,
    CheckIn,
}

/// Why it was refused. Each has a stable word for scripts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the token is not good: {0}")]
    Token(&'static str),
    #[error("the token was made elsewhere and is not registered here")]
    TokenUnknown,
    #[error("the token was revoked")]
    TokenRevoked,
    #[error("the token has a successor, and its time beside it is over")]
    TokenReplaced,
    #[error("the token does not let in laptops with this system")]
    TokenPlatform,
    #[error("the token does not let in laptops from this network")]
    TokenNetwork,
    #[error("the laptop was let in by a token that is not for the users of this mapping")]
    TokenMapping,
    #[error("the token has let in as many laptops as it may")]
    TokenUsedUp,
    #[error("no device has this key")]
    DeviceUnknown,
    #[error("the device, or the same hardware, was revoked")]
    DeviceRevoked,
    #[error("the device is no longer in use")]
    DeviceEnded,
    #[error("the device is another user's")]
    DeviceTaken,
    #[error("the device map has the laptop for another user")]
    DeviceMapped,
    #[error("the credential is another device's")]
    CredentialTaken,
    #[error("another key was used with this claim code")]
    KeyMismatch,
    #[error("the proof is not one that the settings accept")]
    AuthNotAccepted,
    #[error("no cached user goes by that name")]
    UserUnknown,
    #[error("several users go by that name")]
    UserAmbiguous,
    #[error("the user left: {0}")]
    UserLeft(String),
    #[error("the user's account is preserved")]
    AccountPreserved,
    #[error("the user is disabled")]
    UserDisabled,
    #[error("the user's account has expired")]
    UserExpired,
    #[error(
        "the mapping that takes the user is switched off or gone, or its profile does not log in with this directory"
    )]
    OutOfScope,
    #[error("the user is not in the group whose members alone are activated now")]
    NotAllowedYet,
    #[error("as many laptops were activated today as may be ({0})")]
    DailyLimit(u32),
    #[error("so many passwords were tried for the user that another might lock the account")]
    TooManyPasswords,
    #[error("the password was refused: {0}")]
    Password(String),
    #[error("{0}")]
    Ticket(String),
    #[error("the name is somebody else's by now: the proof is of another account than the cached user's")]
    SomebodyElse,
    #[error("the user has as many devices as the limit allows ({0})")]
    DeviceLimit(u64),
    #[error("the profile has as many accounts as it may")]
    ProfileFull,
}

impl Reason {
    /// The stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(code) => code,
            Self::TokenUnknown => "token-unknown",
            Self::TokenRevoked => "token-revoked",
            Self::TokenReplaced => "token-replaced",
            Self::TokenPlatform => "token-platform",
            Self::TokenNetwork => "token-network",
            Self::TokenMapping => "token-mapping",
            Self::TokenUsedUp => "token-used-up",
            Self::DeviceUnknown => "device-unknown",
            Self::DeviceRevoked => "device-revoked",
            Self::DeviceEnded => "device-ended",
            Self::DeviceTaken => "device-taken",
            Self::DeviceMapped => "device-mapped",
            Self::CredentialTaken => "credential-taken",
            Self::KeyMismatch => "key-mismatch",
            Self::AuthNotAccepted => "auth-not-accepted",
            Self::UserUnknown => "user-unknown",
            Self::UserAmbiguous => "user-ambiguous",
            Self::UserLeft(_) => "user-left",
            Self::AccountPreserved => "account-preserved",
            Self::UserDisabled => "user-disabled",
            Self::UserExpired => "user-expired",
            Self::OutOfScope => "out-of-scope",
            Self::NotAllowedYet => "not-allowed-yet",
            Self::DailyLimit(_) => "daily-limit",
            Self::TooManyPasswords => "too-many-passwords",
            Self::Password(_) => "password",
            Self::Ticket(_) => "ticket",
            Self::SomebodyElse => "somebody-else",
            Self::DeviceLimit(_) => "device-limit",
            Self::ProfileFull => "profile-full",
        }
    }
}

/// What a reason means and what to do about it, for whoever sees only its stable word: counts are kept by it.
pub fn words(code: &str) -> &'static str {
    said(code).0
}

/// What to do about it.
pub fn remedy(code: &str) -> &'static str {
    said(code).1
}

fn said(code: &str) -> (&'static str, &'static str) {
    match code {
        "token-expired" => (
            "came with a token that has expired",
            "write the exports anew with a token that is good: `imd token rotate`",
        ),
        "token-not-yet-valid" => {
            ("came with a token whose first day is yet to come", "wait for that day, or correct this machine's clock")
        }
        "token-unknown-key" | "token-issuer" => (
            "came with a token of another installation",
            "find out where the token comes from; export the ones of here to these laptops",
        ),
        "token-key-revoked" => {
            ("came with a token of a key that was revoked", "write the exports anew: `imd token rotate`")
        }
        "token-too-long" | "token-alphabet" | "token-prefix" | "token-malformed" | "token-signature"
        | "token-claims" => {
            ("came with something that is no token, or a damaged one", "copy the token or the export again, whole")
        }
        "token-unknown" => {
            ("came with a token that is not registered here", "take its registration in: `imd bundle in FILE`")
        }
        "token-revoked" => (
            "came with a token that was revoked",
            "write the exports anew with a token that is good: `imd token create`",
        ),
        "token-replaced" => (
            "came with a token that has a successor",
            "hand out the exports that carry the successor: `imd export written`",
        ),
        "token-platform" => ("have a system that the token is not for", "make a token for that system, too"),
        "token-network" => ("came from a network that the token is not for", "make a token for that network, too"),
        "token-mapping" => {
            ("were let in by a token that is not for the users of that mapping", "make a token for that mapping, too")
        }
        "token-used-up" => {
            ("came with a token that has let in as many as it may", "make its successor: `imd token rotate`")
        }
        "device-unknown" => ("are not known here any more", "enroll them again: run the export on them once more"),
        "device-revoked" => ("were revoked", "release those that were not stolen: `imd devices release`"),
        "device-ended" => ("were replaced or released", "enroll them again if they are still in use"),
        "device-taken" => ("are somebody else's already", "release the laptop first: `imd devices release`"),
        "device-mapped" => {
            ("are reserved for another user by the device map", "correct the map: `imd devices import` or `unmap`")
        }
        "credential-taken" | "key-mismatch" => {
            ("showed the key of another laptop: they may be copies of one disk", "enroll each of them anew")
        }
        "auth-not-accepted" => (
            "offered a proof that the settings do not accept",
            "accept it in step 5, or deploy the agent with another one",
        ),
        "user-unknown" => {
            ("named somebody whom no mapping takes", "`imd explain USER` says which mapping leaves them out, and why")
        }
        "user-ambiguous" => ("named two users at once", "have them log on by UPN or as DOMAIN\\name"),
        "user-left" => {
            ("are of users who left the directory", "put the user back in the directory, or collect the laptop")
        }
        "account-preserved" => ("are of users whose account is preserved", "restore it: `imd accounts restore NAME`"),
        "user-disabled" => ("are of users who are disabled", "enable the account in the directory"),
        "user-expired" => ("are of users whose account has expired", "extend the account in the directory"),
        "out-of-scope" => (
            "are of users whose mapping is switched off or whose profile does not log in there",
            "switch the mapping on: `imd mapping enable NAME`",
        ),
        "not-allowed-yet" => {
            ("are of users outside of the pilot's group", "add them to the group, or end the pilot in step 5")
        }
        "daily-limit" => {
            ("came after the cap of the day was reached", "they come again by themselves; raise the cap in step 5")
        }
        "too-many-passwords" => {
            ("tried so many passwords that another might lock the account", "wait, and have the user type it with care")
        }
        "password" => ("had a wrong password typed on them", "have the user try again, or set a new password"),
        "ticket" => {
            ("showed a Kerberos ticket that is not good", "look at the clock, the keytab and the name of the service")
        }
        "somebody-else" => (
            "proved to be somebody other than the cached user",
            "sync, so that the cache knows who has the name now: `imd sync`",
        ),
        "device-limit" => (
            "are of users who have as many laptops as they may",
            "release one that is no longer used, or allow more in step 5",
        ),
        "profile-full" => ("are of a profile that has as many accounts as it may", "raise its limit in step 2"),
        _ => ("were refused for a reason that this imd does not know", "`imd explain` takes the correlation id of one"),
    }
}

/// Why one laptop was refused, in a few words: for a column, and to search by.
pub fn brief(code: &str) -> &'static str {
    BRIEF
        .iter()
        .find(|(of, _)| *of == code)
        .map_or("refused for a reason that this imd does not know", |(_, said)| said)
}

/// The stable words of the reasons whose few words hold that text, whatever its case; none for an empty one.
pub fn codes_said(text: &str) -> Vec<&'static str> {
    let text = text.trim().to_lowercase();
    BRIEF.iter().filter(|(_, said)| !text.is_empty() && said.contains(&text)).map(|(code, _)| *code).collect()
}

const BRIEF: &[(&str, &str)] = &[
    ("token-expired", "its token has expired"),
    ("token-not-yet-valid", "its token begins later"),
    ("token-unknown-key", "its token is another installation's"),
    ("token-issuer", "its token is another installation's"),
    ("token-key-revoked", "the key of its token was revoked"),
    ("token-too-long", "what it showed is no token"),
    ("token-alphabet", "what it showed is no token"),
    ("token-prefix", "what it showed is no token"),
    ("token-malformed", "what it showed is no token"),
    ("token-signature", "what it showed is no token"),
    ("token-claims", "what it showed is no token"),
    ("token-unknown", "its token is not registered"),
    ("token-revoked", "its token was revoked"),
    ("token-replaced", "its token has a successor"),
    ("token-platform", "its token is not for this system"),
    ("token-network", "its token is not for this network"),
    ("token-mapping", "its token is not for this mapping"),
    ("token-used-up", "its token is used up"),
    ("device-unknown", "not known here any more"),
    ("device-revoked", "it, or the same hardware, was revoked"),
    ("device-ended", "it was replaced or released"),
    ("device-taken", "it is another user's"),
    ("device-mapped", "reserved for another user"),
    ("credential-taken", "its key is another laptop's"),
    ("key-mismatch", "its key is another laptop's"),
    ("auth-not-accepted", "proof not accepted"),
    ("user-unknown", "no user by that name"),
    ("user-ambiguous", "two users by that name"),
    ("user-left", "the user left"),
    ("account-preserved", "the account is preserved"),
    ("user-disabled", "the user is disabled"),
    ("user-expired", "the user has expired"),
    ("out-of-scope", "the mapping is off, or logs in elsewhere"),
    ("not-allowed-yet", "not in the pilot's group"),
    ("daily-limit", "the cap of the day was reached"),
    ("too-many-passwords", "too many passwords tried"),
    ("password", "wrong password"),
    ("ticket", "bad Kerberos ticket"),
    ("somebody-else", "the proof is somebody else's"),
    ("device-limit", "over the limit of laptops"),
    ("profile-full", "the profile is full"),
];

/// A refusal as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    pub at: Timestamp,
    /// What the laptop was told instead of the reason.
    pub correlation: String,
    pub act: Act,
    /// The stable word.
    pub reason: String,
    /// The reason in a sentence.
    pub detail: Untrusted,
    pub device: Option<DeviceId>,
    /// As the laptop named them.
    pub user: Option<Untrusted>,
    pub peer: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_said_in_plain_words_with_one_thing_to_do() {
        let reasons = [
            Reason::TokenUnknown,
            Reason::TokenRevoked,
            Reason::TokenReplaced,
            Reason::TokenPlatform,
            Reason::TokenNetwork,
            Reason::TokenMapping,
            Reason::TokenUsedUp,
            Reason::DeviceUnknown,
            Reason::DeviceRevoked,
            Reason::DeviceEnded,
            Reason::DeviceTaken,
            Reason::DeviceMapped,
            Reason::CredentialTaken,
            Reason::KeyMismatch,
            Reason::AuthNotAccepted,
            Reason::UserUnknown,
            Reason::UserAmbiguous,
            Reason::UserLeft(String::new()),
            Reason::AccountPreserved,
            Reason::UserDisabled,
            Reason::UserExpired,
            Reason::OutOfScope,
            Reason::NotAllowedYet,
            Reason::DailyLimit(1),
            Reason::TooManyPasswords,
            Reason::Password(String::new()),
            Reason::Ticket(String::new()),
            Reason::SomebodyElse,
            Reason::DeviceLimit(1),
            Reason::ProfileFull,
        ];
        let unknown = words("no such word");
        for reason in reasons {
            assert_ne!(words(reason.code()), unknown, "{}", reason.code());
            assert!(!remedy(reason.code()).is_empty());
            assert!(!brief(reason.code()).contains("does not know"), "{}", reason.code());
        }
        // Those of a token that cannot be read: `token::Refusal` has the list, which is a floor above.
        for code in ["token-expired", "token-signature", "token-not-yet-valid", "token-key-revoked", "token-issuer"] {
            assert_ne!(words(code), unknown, "{code}");
            assert!(!brief(code).contains("does not know"), "{code}");
        }
    }
}
