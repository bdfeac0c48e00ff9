//! The device map: which laptop is reserved for whom.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::cells::Cells;
use super::transaction::{Snapshot, WriteTransaction};
use super::{Error, Store, item};
use crate::model::device::DeviceId;
use crate::model::device_map::{IdType, MappedDevice, Used};
use crate::model::directory::Directory;
use crate::model::text::Untrusted;
use crate::model::user::Guid;

const MAPPED: &str = "SELECT m.id_type, m.device_id, m.host_name, d.name, m.guid, m.mail, m.user_name, m.old_device,
        m.restore, m.imported_at, m.used_at, m.used_by, m.replaced
    FROM device_map m JOIN directory d ON d.id = m.directory_id";

impl Store {
    /// Lists the map, unused rows first. With a query, only rows with the query in their id, host name, user or old device.
    pub fn device_map(&self, query: Option<&str>, limit: u64) -> Result<Vec<MappedDevice>, Error> {
        self.read(|connection| {
            let sql = format!(
                "{MAPPED} WHERE ?1 = '' OR instr(lower(m.device_id), ?1) OR instr(lower(m.host_name), ?1)
                     OR instr(lower(m.mail), ?1) OR instr(lower(m.user_name), ?1) OR instr(lower(m.old_device), ?1)
                 ORDER BY m.used_at IS NOT NULL, m.number LIMIT ?2"
            );
            let query = query.unwrap_or_default().trim().to_lowercase();
            mapped(connection, &sql, params![query, i64::try_from(limit).unwrap_or(i64::MAX)])
        })
    }
}

impl Snapshot<'_> {
    /// The rows for a device: by its UUID, by its serial number, or by both.
    pub fn mapped(&self, device: i64) -> Result<Vec<MappedDevice>, Error> {
        let sql = format!(
            "{MAPPED} WHERE m.id_type = 'uuid' AND m.id_key = (SELECT uuid_key FROM device WHERE number = ?1)
             UNION ALL
             {MAPPED} WHERE m.id_type = 'serial' AND m.id_key = (SELECT serial_key FROM device WHERE number = ?1)"
        );
        mapped(self.0, &sql, [device])
    }

    /// The row for the laptop with that folded id.
    pub fn mapped_as(&self, id_type: IdType, key: &str) -> Result<Option<MappedDevice>, Error> {
        let sql = format!("{MAPPED} WHERE m.id_type = ?1 AND m.id_key = ?2");
        Ok(mapped(self.0, &sql, params![id_type.word(), key])?.into_iter().next())
    }

    /// The user other than that GUID for whom the laptop with that id is activated now, safe to show.
    pub fn activated_for_another(&self, id_type: IdType, key: &str, guid: Guid) -> Result<Option<String>, Error> {
        let column = match id_type {
            IdType::Serial => "serial_key",
            IdType::Uuid => "uuid_key",
        };
        let sql = format!(
            "SELECT a.label FROM device d JOIN account a ON a.id = d.account_id
             WHERE d.{column} = ?1 AND d.state = 'activated' AND a.guid <> ?2 LIMIT 1"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params![key, guid.0])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }
}

impl WriteTransaction<'_> {
    /// Saves the row for a laptop. It replaces an earlier one and is unused again.
    pub fn map_device(&self, key: &str, row: &MappedDevice) -> Result<(), Error> {
        let directory = item::id_of::<Directory>(self.0, &row.directory)?
            .ok_or_else(|| Error::Unknown(format!("directory \"{}\"", row.directory)))?;
        let sql = "INSERT INTO device_map (id_type, id_key, device_id, host_name, directory_id, guid, mail, user_name,
                       old_device, restore, imported_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                   ON CONFLICT (id_type, id_key) DO UPDATE SET device_id = excluded.device_id,
                       host_name = excluded.host_name, directory_id = excluded.directory_id, guid = excluded.guid,
                       mail = excluded.mail, user_name = excluded.user_name, old_device = excluded.old_device,
                       restore = excluded.restore, imported_at = excluded.imported_at, used_at = NULL, used_by = NULL,
                       replaced = NULL";
        self.0.prepare_cached(sql)?.execute(params![
            row.id_type.word(),
            key,
            row.device_id.raw(),
            row.host_name.raw(),
            directory,
            row.guid.0,
            row.mail.raw(),
            row.user_name.raw(),
            row.old_device.raw(),
            row.restore,
            row.imported_at.to_string(),
        ])?;
        Ok(())
    }

    /// Deletes the row for a laptop. False when there is none.
    pub fn unmap_device(&self, id_type: IdType, key: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM device_map WHERE id_type = ?1 AND id_key = ?2";
        Ok(self.0.prepare_cached(sql)?.execute(params![id_type.word(), key])? > 0)
    }

    /// Marks a row as used.
    pub fn use_mapped(
        &self,
        row: &MappedDevice,
        device: &DeviceId,
        replaced: Option<&DeviceId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE device_map SET used_at = ?3, used_by = ?4, replaced = ?5
                   WHERE id_type = ?1 AND id_key = ?2 AND used_at IS NULL";
        let key = row.id_type.key(row.device_id.raw()).unwrap_or_default();
        let replaced = replaced.map(DeviceId::as_str);
        self.0.prepare_cached(sql)?.execute(params![
            row.id_type.word(),
            key,
            at.to_string(),
            device.as_str(),
            replaced
        ])?;
        Ok(())
    }
}

fn mapped(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<Vec<MappedDevice>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(with)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::of(row);
        let id_type = cells.word()?;
        let (device_id, host_name) = (Untrusted::new(cells.text()?), Untrusted::new(cells.text()?));
        let (directory, guid) = (cells.parsed()?, Guid(cells.next()?));
        let mut text = || cells.text().map(Untrusted::new);
        let (mail, user_name, old_device) = (text()?, text()?, text()?);
        let (restore, imported_at) = (cells.next()?, cells.parsed()?);
        let (at, device, replaced): (Option<Timestamp>, Option<DeviceId>, Option<DeviceId>) =
            (cells.parsed_if()?, cells.parsed_if()?, cells.parsed_if()?);
        let used = at.zip(device).map(|(at, device)| Used { at, device, replaced });
        all.push(MappedDevice {
            id_type,
            device_id,
            host_name,
            directory,
            guid,
            mail,
            user_name,
            old_device,
            restore,
            imported_at,
            used,
        });
    }
    Ok(all)
}
