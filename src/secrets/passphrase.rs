//! A file encrypted with a passphrase, which the `age` tool can open too (`age -d`).

use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use zeroize::Zeroizing;

use super::file::name;
use super::{Error, Secret, long_enough};

/// log2 of the scrypt cost, as the `age` tool uses it. Fixed, so that a slow host can open a file of a fast one.
const WORK: u8 = 18;
/// The highest cost that the `age` tool opens.
const MOST_WORK: u8 = 22;

/// Seals all of `from`.
pub fn seal_with_passphrase(passphrase: &Secret, from: &mut impl Read, to: impl Write) -> Result<(), Error> {
    seal(passphrase, WORK, from, to)
}

fn seal(passphrase: &Secret, work: u8, from: &mut impl Read, to: impl Write) -> Result<(), Error> {
    long_enough(passphrase)?;
    let mut recipient = scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(work);
    let failed = |why: String| Error::Sealing { why };
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient));
    let encryptor = encryptor.map_err(|error| failed(error.to_string()))?;
    let sealed = encryptor.wrap_output(to).and_then(|mut to| {
        pass_on(from, &mut to, |error| error, |error| error)?;
        to.finish()?.flush()
    });
    sealed.map_err(|error| failed(error.to_string()))
}

/// Opens what [`seal_with_passphrase`] sealed. The output in `to` is valid only if this succeeds.
pub fn unseal_with_passphrase(
    passphrase: &Secret,
    from: impl BufRead,
    path: &Path,
    to: &mut impl Write,
) -> Result<(), Error> {
    let path = || name(path);
    let mut identity = scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let damaged = |why: &str| Error::SealedFile { path: path(), why: why.to_owned() };
    let opened = Decryptor::new_buffered(from).and_then(|sealed| {
        if sealed.is_scrypt() {
            sealed.decrypt(std::iter::once(&identity as &dyn age::Identity))
        } else {
            Err(DecryptError::NoMatchingKeys)
        }
    });
    let mut opened = opened.map_err(|error| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => Error::Passphrase { path: path() },
        DecryptError::NoMatchingKeys => damaged("it was not sealed with a passphrase"),
        DecryptError::ExcessiveWork { .. } => damaged("opening it would take too much work and memory"),
        DecryptError::UnknownFormat => damaged("a newer age sealed it"),
        DecryptError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            Error::File { doing: "reading", path: path(), source }
        }
        _ => damaged("it is damaged, or it is not a backup"),
    })?;
    let reading = |_| damaged("it is damaged, or its end is missing");
    pass_on(&mut opened, to, reading, |source| Error::Sealing { why: source.to_string() })
}

/// Copies through a buffer that is wiped.
fn pass_on<E>(
    from: &mut impl Read,
    to: &mut impl Write,
    reading: impl Fn(io::Error) -> E,
    writing: impl Fn(io::Error) -> E,
) -> Result<(), E> {
    let mut buffer = Zeroizing::new(vec![0; 64 << 10]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count]).map_err(&writing)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reading(error)),
        }
    }
}

fn secret(passphrase: &Secret) -> SecretString {
    SecretString::from(passphrase.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(passphrase: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let mut plain = Vec::new();
        unseal_with_passphrase(&Secret::new(passphrase), sealed, Path::new("b"), &mut plain).map(|()| plain)
    }

    #[test]
    fn a_sealed_file_opens_with_its_passphrase_alone_and_only_whole() {
        let plain: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut sealed = Vec::new();
        // The lowest cost: the real one takes seconds in a debug build.
        seal(&Secret::new("correct horse battery"), 1, &mut plain.as_slice(), &mut sealed).unwrap();
        assert_eq!(open("correct horse battery", &sealed).unwrap(), plain);
        assert!(matches!(open("correct horse batter", &sealed), Err(Error::Passphrase { .. })));
        let mut changed = sealed.clone();
        changed[400_000] ^= 1;
        for bad in [&changed[..], &sealed[..sealed.len() - 1], &sealed[..sealed.len() / 2], &sealed[..10], b"", b"PK"] {
            assert!(matches!(open("correct horse battery", bad), Err(Error::SealedFile { .. })), "{} bytes", bad.len());
        }
    }

    #[test]
    fn a_short_passphrase_seals_nothing() {
        let sealed = seal_with_passphrase(&Secret::new("elevenchars"), &mut &b"x"[..], Vec::new());
        assert!(matches!(sealed, Err(Error::ShortPassphrase)));
    }
}
