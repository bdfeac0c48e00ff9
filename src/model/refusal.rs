//! Why a laptop was refused, for the administrator. The laptop itself learns less (`protocol`).

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

/// The texts of a reason, by its stable code.
struct Row {
    code: &'static str,
    /// Of one laptop, for a column and to search by.
    brief: &'static str,
    /// Of several laptops, after their number.
    sentence: &'static str,
    /// The next step.
    remedy: &'static str,
}

/// The table of reasons: each row gives the variant, the code, the message about one request, the brief form, the
/// sentence about several laptops, and the remedy. The second block has the faults that the `token` module finds.
macro_rules! reasons {
    (
        { $( $variant:ident $( ($data:ty) )?: $code:literal, $message:literal, $brief:literal, $sentence:literal, $remedy:literal; )* }
        { $( $of_token:literal, $brief_of:literal, $sentence_of:literal, $remedy_of:literal; )* }
    ) => {
        /// Why a laptop was refused.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum Reason {
            #[error("the token was rejected: {0}")]
            Token(&'static str),
            $( #[error($message)] $variant $( ($data) )?, )*
        }

        impl Reason {
            /// The stable code.
            pub const fn code(&self) -> &'static str {
                match self {
                    Self::Token(code) => code,
                    $( Self::$variant { .. } => $code, )*
                }
            }
        }

        const TABLE: &[Row] = &[
            $( Row { code: $code, brief: $brief, sentence: $sentence, remedy: $remedy }, )*
            $( Row { code: $of_token, brief: $brief_of, sentence: $sentence_of, remedy: $remedy_of }, )*
        ];
    };
}

reasons! { {
    TokenUnknown: "token-unknown",
        "the token was made elsewhere and is not registered here",
        "its token is not registered",
        "presented a token that is not registered here",
        "import the registration of the token: `imd bundle in FILE`";
    TokenRevoked: "token-revoked",
        "the token was revoked",
        "its token was revoked",
        "presented a revoked token",
        "write the exports again with a valid token: `imd token create NAME`, then `imd export`";
    TokenReplaced: "token-replaced",
        "the token was replaced and its overlap has ended",
        "its token was replaced",
        "presented a token that was replaced",
        "deploy the exports that carry the new token: `imd export written` lists them";
    TokenPlatform: "token-platform",
        "the token is not valid for this operating system",
        "its token is not for this system",
        "have an operating system that the token is not valid for",
        "create a token for that operating system: `imd token create`";
    TokenNetwork: "token-network",
        "the token is not valid for this network",
        "its token is not for this network",
        "came from a network that the token is not valid for",
        "create a token for that network: `imd token create`";
    TokenMapping: "token-mapping",
        "the laptop was enrolled with a token that is not valid for the users of this mapping",
        "its token is not for this mapping",
        "were enrolled with a token that is not valid for the users of that mapping",
        "create a token for that mapping: `imd token create`";
    TokenUsedUp: "token-used-up",
        "the token has reached its maximum activations",
        "its token is used up",
        "presented a token that has reached its maximum activations",
        "replace the token: `imd token rotate NAME`";
    DeviceUnknown: "device-unknown",
        "no device has this key",
        "not registered here",
        "are not registered here",
        "enroll them again: run the installer of the export on them";
    DeviceRevoked: "device-revoked",
        "the device, or the same hardware, was revoked",
        "it, or the same hardware, was revoked",
        "were revoked",
        "release those that were not stolen: `imd devices release`";
    DeviceEnded: "device-ended",
        "the device was replaced or released",
        "it was replaced or released",
        "were replaced or released",
        "enroll them again if they are still in use";
    DeviceTaken: "device-taken",
        "the device belongs to another user",
        "it belongs to another user",
        "belong to another user",
        "release the laptop first: `imd devices release`";
    DeviceMapped: "device-mapped",
        "the device map reserves the laptop for another user",
        "reserved for another user",
        "are reserved for another user by the device map",
        "correct the device map: `imd devices import` or `imd devices unmap`";
    CredentialTaken: "credential-taken",
        "the credential belongs to another device",
        "its key belongs to another laptop",
        "presented the key of another laptop: they may be copies of one disk image",
        "enroll each of them again, so that each makes its own key";
    KeyMismatch: "key-mismatch",
        "another key was used with this claim code",
        "its key belongs to another laptop",
        "presented the key of another laptop: they may be copies of one disk image",
        "enroll each of them again, so that each makes its own key";
    AuthNotAccepted: "auth-not-accepted",
        "the settings do not accept this authentication method",
        "authentication method not accepted",
        "offered an authentication method that the settings do not accept",
        "accept it in step 5, or deploy the agent with another one";
    UserUnknown: "user-unknown",
        "no cached user has that name",
        "no user by that name",
        "named a user whom no mapping imports",
        "`imd explain USER` says which mapping excludes the user, and why";
    UserAmbiguous: "user-ambiguous",
        "several users have that name",
        "several users by that name",
        "named several users at once",
        "have the users log on by UPN or as DOMAIN\\name";
    UserLeft(String): "user-left",
        "the user left: {0}",
        "the user left",
        "belong to users who left the directory",
        "put the user back in the directory, or collect the laptop";
    AccountPreserved: "account-preserved",
        "the account of the user is preserved",
        "the account is preserved",
        "belong to users with a preserved account",
        "restore the account: `imd accounts restore NAME`";
    UserDisabled: "user-disabled",
        "the user is disabled",
        "the user is disabled",
        "belong to disabled users",
        "enable the user in the directory";
    UserExpired: "user-expired",
        "the account of the user in the directory has expired",
        "the user has expired",
        "belong to users with an expired account in the directory",
        "extend the account in the directory";
    OutOfScope: "out-of-scope",
        "the mapping of the user is switched off or was removed, or its profile does not log in with this directory",
        "the mapping is off, or logs in elsewhere",
        "belong to users of a mapping that is off, or of a profile that does not log in there",
        "switch the mapping on: `imd mapping enable NAME`";
    NotAllowedYet: "not-allowed-yet",
        "the user is not in the pilot group",
        "not in the pilot group",
        "belong to users outside the pilot group",
        "add the users to the pilot group, or end the pilot in step 5";
    DailyLimit(u32): "daily-limit",
        "the daily activation limit is reached ({0})",
        "daily activation limit reached",
        "came after the daily activation limit was reached",
        "the laptops try again by themselves; step 5 sets the limit";
    TooManyPasswords: "too-many-passwords",
        "too many wrong passwords: another attempt might lock the account",
        "too many passwords tried",
        "had too many wrong passwords: another attempt might lock the account",
        "wait 30 minutes, then have the user log on again";
    Password(String): "password",
        "the password was refused: {0}",
        "wrong password",
        "had a wrong password typed on them",
        "have the user try again, or set a new password in the directory";
    Ticket(String): "ticket",
        "{0}",
        "invalid Kerberos ticket",
        "presented an invalid Kerberos ticket",
        "check the clock, the keytab and the service principal name";
    NameReassigned: "name-reassigned",
        "the directory has given the name to another account than that of the cached user",
        "the name belongs to another account",
        "were authenticated as another account than that of the cached user",
        "sync, so that the cache has the current owner of the name: `imd sync`";
    DeviceLimit(u64): "device-limit",
        "the user has reached the limit of laptops ({0})",
        "over the limit of laptops",
        "belong to users who have reached the limit of laptops",
        "release a laptop that is no longer in use (`imd devices release`), or raise the limit in step 5";
    ProfileFull: "profile-full",
        "the profile has reached its maximum of accounts",
        "the profile is full",
        "belong to a profile that has reached its maximum of accounts",
        "raise the maximum of the profile in step 2";
    } {
    "token-expired",
        "its token has expired",
        "presented an expired token",
        "replace the token and its exports: `imd token rotate NAME`";
    "token-not-yet-valid",
        "its token is not valid yet",
        "presented a token that is not valid yet",
        "wait until the token is valid, or correct the clock of this host";
    "token-unknown-key",
        "its token is another installation's",
        "presented a token of another installation",
        "deploy the exports of this installation to these laptops: `imd export written` lists them";
    "token-issuer",
        "its token is another installation's",
        "presented a token of another installation",
        "deploy the exports of this installation to these laptops: `imd export written` lists them";
    "token-key-revoked",
        "the signing key of its token was revoked",
        "presented a token of a revoked signing key",
        "replace the token and its exports: `imd token rotate NAME`";
    "token-too-long",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
    "token-alphabet",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
    "token-prefix",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
    "token-malformed",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
    "token-signature",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
    "token-claims",
        "what it presented is not a token",
        "presented something that is not a token, or a damaged one",
        "copy the whole token or export again";
} }

/// The texts of a code from a newer or older version of the program.
const UNKNOWN: Row = Row {
    code: "",
    brief: "refused for a reason that this version of imd does not know",
    sentence: "were refused for a reason that this version of imd does not know",
    remedy: "`imd explain ID` takes the correlation id that the laptop shows",
};

fn row(code: &str) -> &'static Row {
    TABLE.iter().find(|row| row.code == code).unwrap_or(&UNKNOWN)
}

/// The reason in a sentence about several laptops, to be read after their number.
pub fn sentence(code: &str) -> &'static str {
    row(code).sentence
}

/// The next step.
pub fn remedy(code: &str) -> &'static str {
    row(code).remedy
}

/// The reason of one laptop in a few words: for a column, and to search by.
pub fn brief(code: &str) -> &'static str {
    row(code).brief
}

/// Every code, in the order of the table.
pub fn codes() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.code)
}

/// The codes of reasons with a brief form that contains the text, in any case; none for an empty text.
pub fn codes_found(text: &str) -> Vec<&'static str> {
    let text = text.trim().to_lowercase();
    let found = |row: &&Row| !text.is_empty() && row.brief.to_lowercase().contains(&text);
    TABLE.iter().filter(found).map(|row| row.code).collect()
}

/// A refusal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    pub at: Timestamp,
    /// The id that the laptop shows instead of the reason.
    pub correlation: String,
    pub act: Act,
    /// The stable code.
    pub reason: String,
    /// The message of the reason.
    pub detail: Untrusted,
    pub device: Option<DeviceId>,
    /// As the laptop named the user.
    pub user: Option<Untrusted>,
    pub peer: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_one_row() {
        let mut codes: Vec<_> = TABLE.iter().map(|row| row.code).collect();
        codes.sort_unstable();
        let before = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), before);
        for row in TABLE {
            assert!(!row.brief.is_empty() && !row.sentence.is_empty() && !row.remedy.is_empty(), "{}", row.code);
        }
        assert_eq!(sentence(Reason::UserLeft(String::new()).code()), "belong to users who left the directory");
        assert_eq!(sentence("no such code"), UNKNOWN.sentence);
    }

    #[test]
    fn a_search_finds_codes_by_the_brief_form() {
        assert_eq!(codes_found(" OVER the limit "), ["device-limit"]);
        assert_eq!(codes_found("kerberos"), ["ticket"]);
        assert!(codes_found("").is_empty());
    }
}
