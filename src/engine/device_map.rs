//! The device map: imports a CSV file of laptops that are reserved for users.
//!
//! Rows with errors are written to a new file with the reason, so that the administrator can correct them and import
//! that file; rows that were imported before are recognized. Cells of that file are safe to open in a spreadsheet.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::model::cell::{harmless, unescaped};
use crate::model::device_map::{IdType, MappedDevice};
use crate::model::text::Untrusted;
use crate::model::user::NameForm;
use crate::store::{By, CachedUser, Snapshot, WriteTransaction};

use super::{Engine, Error, private_file};

/// The longest file, in bytes: some 300,000 rows.
const LONGEST: u64 = 32 * 1024 * 1024;

/// The columns: their folded names, and their names in the file of rejected rows.
const COLUMNS: [(&str, &str); 7] = [
    ("email", "e-mail"),
    ("hostname", "host name"),
    ("deviceid", "device id"),
    ("idtype", "id type"),
    ("username", "user name"),
    ("olddevice", "old device"),
    ("restore", "restore"),
];

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Imported {
    pub added: u64,
    pub changed: u64,
    /// Rows without changes.
    pub unchanged: u64,
    /// Rows of laptops that were activated by an earlier row.
    pub used: u64,
    pub bad: u64,
    /// The file of rejected rows, with the reason of each.
    pub bad_rows: Option<PathBuf>,
}

/// The result of a row.
enum Outcome {
    Added,
    Changed,
    Unchanged,
    Used,
}

/// The rows of a file, their cells in the order of [`COLUMNS`].
struct Rows {
    rows: Vec<[String; 7]>,
    /// The separator: Excel writes semicolons where the decimal separator is a comma.
    delimiter: u8,
}

impl Engine {
    /// The rows of the device map, unused ones first: all, or those that contain the query in their id, host name, user
    /// or old device.
    pub fn device_map(&self, query: Option<&str>, limit: u64) -> Result<Vec<MappedDevice>, Error> {
        Ok(self.store().device_map(query, limit)?)
    }

    /// Imports the valid rows of a CSV file, all or none. Rejected rows are written to a file next to it.
    pub fn import_device_map(&self, file: &Path) -> Result<Imported, Error> {
        let by = self.by("devices import")?;
        let rows = read(file)?;
        let mut failed = None;
        let import = |transaction: &WriteTransaction<'_>| {
            let (imported, bad) = take(transaction, &rows, &by)?;
            // Written before anything is stored, so that no rejected row is lost.
            match write_bad(file, &bad, rows.delimiter) {
                Ok(bad_rows) => Ok(Imported { bad_rows, ..imported }),
                Err(error) => {
                    failed = Some(error);
                    Err(crate::store::Error::Canceled)
                }
            }
        };
        let imported = self.store().transaction(import);
        match failed {
            Some(error) => Err(error),
            None => Ok(imported?),
        }
    }

    /// Removes a laptop from the map, by its id in the map. False when it is not in the map.
    pub fn unmap_device(&self, id: &str) -> Result<bool, Error> {
        let by = self.by("devices unmap")?;
        Ok(self.store().transaction(|transaction| {
            let mut removed = false;
            for id_type in [IdType::Uuid, IdType::Serial] {
                if let Some(key) = id_type.key(id)
                    && transaction.unmap_device(id_type, &key)?
                {
                    transaction.audit(&by, &called(id_type, &key), "removed from the device map")?;
                    removed = true;
                }
            }
            Ok(removed)
        })?)
    }
}

fn called(id_type: IdType, key: &str) -> String {
    format!("laptop {} {}", id_type.word(), crate::model::text::shown(key))
}

/// A rejected row, and why.
type BadRow<'a> = (&'a [String; 7], String);

/// Imports every valid row; returns the rejected rows and why.
fn take<'a>(
    transaction: &WriteTransaction<'_>,
    rows: &'a Rows,
    by: &By<'_>,
) -> Result<(Imported, Vec<BadRow<'a>>), crate::store::Error> {
    let mut imported = Imported::default();
    let mut bad = Vec::new();
    let mut lines: HashMap<(IdType, String), usize> = HashMap::new();
    for (at, row) in rows.rows.iter().enumerate() {
        let taken = match mapped(transaction.snapshot(), row, by)? {
            Ok((key, mapped)) => match lines.entry((mapped.id_type, key.clone())) {
                std::collections::hash_map::Entry::Occupied(first) => {
                    Err(format!("the laptop is already in row {}", first.get() + 2))
                }
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(at);
                    take_one(transaction, &key, &mapped)?
                }
            },
            Err(why) => Err(why),
        };
        match taken {
            Ok(Outcome::Added) => imported.added += 1,
            Ok(Outcome::Changed) => imported.changed += 1,
            Ok(Outcome::Unchanged) => imported.unchanged += 1,
            Ok(Outcome::Used) => imported.used += 1,
            Err(why) => bad.push((row, why)),
        }
    }
    imported.bad = bad.len() as u64;
    if imported.added + imported.changed > 0 {
        let detail = format!("{} laptops added, {} changed", imported.added, imported.changed);
        transaction.audit(by, "device map", &detail)?;
    }
    Ok((imported, bad))
}

/// The reservation of a row and the key of its laptop; otherwise what is wrong with the row.
#[allow(clippy::type_complexity, reason = "a row that is wrong is no failure of the import")]
fn mapped(
    snapshot: Snapshot<'_>,
    row: &[String; 7],
    by: &By<'_>,
) -> Result<Result<(String, MappedDevice), String>, crate::store::Error> {
    let [mail, host_name, device_id, id_type, user_name, old_device, restore] = row;
    let id_type = match folded(id_type).as_str() {
        "" if IdType::Uuid.key(device_id).is_some() => IdType::Uuid,
        "" | "serial" | "serialnumber" => IdType::Serial,
        "uuid" | "smbiosuuid" => IdType::Uuid,
        _ => return Ok(Err("the id type must be serial or uuid: host names repeat".to_owned())),
    };
    let Some(key) = id_type.key(device_id) else {
        return Ok(Err(if device_id.is_empty() {
            "the device id is missing; it must be a serial number or UUID, as host names repeat".to_owned()
        } else {
            format!("the device id is not a valid {}, or many laptops have the same", id_type.word())
        }));
    };
    let restore = match folded(restore).as_str() {
        "" | "no" | "n" | "false" | "0" => false,
        "yes" | "y" | "true" | "1" => true,
        _ => return Ok(Err("restore must be yes or no".to_owned())),
    };
    let mut meant: Option<CachedUser> = None;
    for (name, what) in [(mail, "e-mail"), (user_name, "user name")] {
        if name.is_empty() {
            continue;
        }
        let mut found = snapshot.find_user(&NameForm::of(name))?;
        let user = match (found.pop(), found.is_empty()) {
            (None, _) => return Ok(Err(format!("no cached user has that {what}"))),
            (Some(_), false) => return Ok(Err(format!("several users have that {what}"))),
            (Some(user), true) => user,
        };
        if meant.as_ref().is_some_and(|other| other.id != user.id) {
            return Ok(Err("the e-mail and the user name belong to different users".to_owned()));
        }
        meant = Some(user);
    }
    let Some(user) = meant else { return Ok(Err("the e-mail is missing".to_owned())) };
    if let Some(other) = snapshot.activated_for_another(id_type, &key, user.user.guid)? {
        return Ok(Err(format!("the laptop is activated for {other}; release it first: `imd devices release`")));
    }
    let text = |text: &String| Untrusted::new(text.as_str());
    let mapped = MappedDevice {
        id_type,
        device_id: text(device_id),
        host_name: text(host_name),
        directory: user.directory,
        guid: user.user.guid,
        mail: text(mail),
        user_name: text(user_name),
        old_device: text(old_device),
        restore,
        imported_at: by.at,
        used: None,
    };
    Ok(Ok((key, mapped)))
}

fn take_one(
    transaction: &WriteTransaction<'_>,
    key: &str,
    row: &MappedDevice,
) -> Result<Result<Outcome, String>, crate::store::Error> {
    let before = transaction.snapshot().mapped_as(row.id_type, key)?;
    let outcome = match &before {
        // A laptop that is activated stays with its user. After it is released, it can be reserved again.
        Some(before) if before.used.is_some() && before.directory == row.directory && before.guid == row.guid => {
            return Ok(Ok(Outcome::Used));
        }
        Some(before) if before.used.is_none() && before.says_the_same_as(row) => return Ok(Ok(Outcome::Unchanged)),
        Some(_) => Outcome::Changed,
        None => Outcome::Added,
    };
    transaction.map_device(key, row)?;
    Ok(Ok(outcome))
}

/// A heading, an id type or a yes, without spaces and separators.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn read(file: &Path) -> Result<Rows, Error> {
    let wrong = |why: String| Error::DeviceMap { path: file.to_owned(), why };
    let bytes = private_file::read(file, LONGEST + 1)?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(format!("it is longer than {} MiB", LONGEST >> 20)));
    }
    // Excel's "CSV UTF-8" begins with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let heading = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if heading.contains(&b';') && !heading.contains(&b',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).delimiter(delimiter).from_reader(bytes);
    let failed = |error: csv::Error| wrong(error.to_string());
    let mut places = Vec::new();
    for heading in reader.headers().map_err(failed)? {
        let key = folded(heading);
        let place = COLUMNS.iter().position(|(column, _)| *column == key);
        if place.is_none() && key != "error" {
            return Err(wrong(format!("there is no column \"{}\"", crate::model::text::shown(heading))));
        }
        if place.is_some() && places.contains(&place) {
            return Err(wrong(format!("the column \"{}\" occurs twice", crate::model::text::shown(heading))));
        }
        places.push(place);
    }
    if !places.contains(&Some(2)) || !(places.contains(&Some(0)) || places.contains(&Some(4))) {
        return Err(wrong("the columns device id and e-mail are missing".to_owned()));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let mut row: [String; 7] = Default::default();
        for (place, cell) in places.iter().zip(&record.map_err(failed)?) {
            if let Some(place) = place {
                unescaped(cell).clone_into(&mut row[*place]);
            }
        }
        rows.push(row);
    }
    Ok(Rows { rows, delimiter })
}

/// Writes the rejected rows to a new file next to the imported one; `None` when there are none.
fn write_bad(file: &Path, bad: &[(&[String; 7], String)], delimiter: u8) -> Result<Option<PathBuf>, Error> {
    if bad.is_empty() {
        return Ok(None);
    }
    let failed = |path: &Path, why: std::io::Error| Error::NotWritten { path: path.to_owned(), why };
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let heading = COLUMNS.iter().map(|(_, heading)| *heading).chain(["error"]);
    let mut written = writer.write_record(heading);
    for (row, why) in bad {
        let cells = row.iter().map(|cell| harmless(cell)).chain([harmless(why)]);
        written = written.and_then(|()| writer.write_record(cells));
    }
    written.map_err(|error| failed(file, error.into()))?;
    let text = writer.into_inner().map_err(|error| failed(file, error.into_error()))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.split(".errors").next().unwrap_or_default();
    for number in 1_u32.. {
        let mut name = format!("{stem}.errors");
        if number > 1 {
            let _ = write!(name, "-{number}");
        }
        let path = file.with_file_name(format!("{name}.csv"));
        match private_file::write(&path, &text, b"") {
            Ok(()) => return Ok(Some(path)),
            Err(Error::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
