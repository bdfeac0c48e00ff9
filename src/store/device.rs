//! Laptops, and which of them enrolled with a token.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::cells::{self, Cells, word};
use super::transaction::{Snapshot, WriteTransaction};
use super::{Error, Store, count};
use crate::model::device::{Activation, Device, DeviceId, DeviceState, Funnel, Laptop, serial_key, uuid_key};
use crate::model::refusal;
use crate::model::settings::AuthMethod;
use crate::model::text::Untrusted;
use crate::model::token::TokenId;

/// SHA-256 of a key, a claim code, a credential or a hardware identity.
pub type Hash = [u8; 32];

/// The secret by which a device is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceBy {
    Key,
    ClaimCode,
    Credential,
}

/// A device, with the values that only decisions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDevice {
    pub number: i64,
    pub claim_hash: Hash,
    pub credential_hash: Option<Hash>,
    pub hardware: Option<Hash>,
    pub key_hash: Hash,
    pub device: Device,
}

/// A laptop that enrolls.
#[derive(Debug)]
pub struct NewDevice<'a> {
    pub id: &'a DeviceId,
    pub key_hash: Hash,
    pub claim_hash: Hash,
    pub hardware: Option<Hash>,
    pub laptop: &'a Laptop,
    pub token: &'a TokenId,
}

/// The query that finds every pending device that was refused.
const REFUSED: &str = "refused";

const DEVICE: &str = "SELECT d.number, d.claim_hash, d.credential_hash, d.hardware, d.key_hash, d.id, d.state,
        d.host_name, d.serial, d.system, d.agent, d.token_id, d.enrolled_at, d.ended_at, d.last_seen_at, d.account_id,
        d.refused_why, d.activated_at, d.auth, a.label, a.name, a.preserved_at IS NOT NULL
    FROM device d LEFT JOIN account a ON a.id = d.account_id";

impl Store {
    /// Lists devices, newest first. With a query, only those with the query in their id, host name, serial number or
    /// user, those with a state that starts with it, and pending devices that were refused for the reason that it names:
    /// `over the limit`, or `refused` for any reason.
    pub fn devices(&self, query: Option<&str>, limit: u64) -> Result<Vec<Device>, Error> {
        self.read(|connection| {
            let sql = format!(
                "{DEVICE} WHERE ?1 = '' OR d.id = ?1 OR substr(d.state, 1, length(?1)) = ?1
                     OR instr(lower(d.host_name), ?1) OR instr(lower(d.serial), ?1) OR instr(lower(a.label), ?1) OR instr(lower(a.name), ?1)
                     OR d.state = 'pending' AND d.refused_why <> ''
                         AND (?3 OR d.refused_why IN (SELECT value FROM json_each(?4)))
                 ORDER BY d.number DESC LIMIT ?2"
            );
            let query = query.unwrap_or_default().trim().to_lowercase();
            let refused = !query.is_empty() && REFUSED.starts_with(&query);
            let reasons = cells::json(&refusal::codes_found(&query));
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            Ok(held(connection, &sql, params![query, limit, refused, reasons])?.into_iter().map(|held| held.device).collect())
        })
    }

    pub fn funnel(&self) -> Result<Funnel, Error> {
        let cached = self.user_counts()?.active;
        self.read(|connection| {
            let mut funnel = Funnel { cached, ..Funnel::default() };
            for (state, devices) in count::counters(connection, "device")? {
                match state.as_str() {
                    "pending" => funnel.pending += devices,
                    "activated" => funnel.activated += devices,
                    _ => funnel.ended += devices,
                }
            }
            funnel.accounts = count::counters(connection, "account")?.first().map_or(0, |(_, accounts)| *accounts);
            Ok(funnel)
        })
    }
}

impl Snapshot<'_> {
    pub fn device(&self, by: DeviceBy, hash: &Hash) -> Result<Option<HeldDevice>, Error> {
        let column = match by {
            DeviceBy::Key => "key_hash",
            DeviceBy::ClaimCode => "claim_hash",
            DeviceBy::Credential => "credential_hash",
        };
        first(self.0, &format!("{DEVICE} WHERE d.{column} = ?1"), [hash])
    }

    pub fn device_called(&self, id: &DeviceId) -> Result<Option<HeldDevice>, Error> {
        first(self.0, &format!("{DEVICE} WHERE d.id = ?1"), [id.as_str()])
    }

    /// The activated devices of an account, the earliest activation first.
    pub fn activated(&self, account: i64) -> Result<Vec<HeldDevice>, Error> {
        let sql =
            format!("{DEVICE} WHERE d.account_id = ?1 AND d.state = 'activated' ORDER BY d.activated_at, d.number");
        held(self.0, &sql, [account])
    }

    /// Every device that is or was an account's, the newest first.
    pub fn devices_of(&self, account: i64) -> Result<Vec<Device>, Error> {
        let sql = format!("{DEVICE} WHERE d.account_id = ?1 ORDER BY d.number DESC");
        Ok(held(self.0, &sql, [account])?.into_iter().map(|held| held.device).collect())
    }

    /// The devices of the same hardware that are in that state; `but` is the number of the one that asks.
    pub fn same_hardware(
        &self,
        hardware: &Hash,
        state: DeviceState,
        but: Option<i64>,
    ) -> Result<Vec<HeldDevice>, Error> {
        let sql = format!("{DEVICE} WHERE d.hardware = ?1 AND d.state = ?2 AND d.number <> ?3 ORDER BY d.number");
        held(self.0, &sql, params![hardware, state.word(), but.unwrap_or(0)])
    }

    /// How many laptops enrolled with a token.
    pub fn uses(&self, token: &TokenId) -> Result<u64, Error> {
        let sql = "SELECT uses FROM token WHERE id = ?1";
        let uses: Option<i64> = self.0.prepare_cached(sql)?.query_row([token.as_str()], |row| row.get(0)).optional()?;
        Ok(uses.unwrap_or(0).unsigned_abs())
    }

    /// Whether that laptop enrolled with the token before.
    pub fn was_let_in(&self, token: &TokenId, laptop: &Hash) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM token_use WHERE token_id = ?1 AND laptop = ?2";
        let found: Option<i64> =
            self.0.prepare_cached(sql)?.query_row(params![token.as_str(), laptop], |row| row.get(0)).optional()?;
        Ok(found.is_some())
    }
}

impl WriteTransaction<'_> {
    /// Adds a pending device.
    pub fn add_device(&self, new: &NewDevice<'_>, at: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO device (id, state, key_hash, claim_hash, hardware, host_name, serial, system, agent,
                       token_id, enrolled_at, last_seen_at, uuid_key, serial_key)
                   VALUES (?1, 'pending', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12)";
        let NewDevice { id, key_hash, claim_hash, hardware, laptop, token } = new;
        let Laptop { host_name, uuid, serial, system, agent } = laptop;
        self.0.prepare_cached(sql)?.execute(params![
            id.as_str(),
            key_hash,
            claim_hash,
            hardware,
            host_name.raw(),
            serial.raw(),
            system.raw(),
            agent.raw(),
            token.as_str(),
            at.to_string(),
            uuid_key(uuid.raw()).unwrap_or_default(),
            serial_key(serial.raw()).unwrap_or_default(),
        ])?;
        Ok(())
    }

    /// Records that a laptop enrolled with a token.
    pub fn let_in(&self, token: &TokenId, laptop: &Hash, at: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO token_use (token_id, laptop, at) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute(params![token.as_str(), laptop, at.to_string()])?;
        Ok(())
    }

    /// Activates a device for an account.
    pub fn activate(
        &self,
        device: i64,
        account: i64,
        credential: &Hash,
        auth: AuthMethod,
        at: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE device SET state = 'activated', account_id = ?2, credential_hash = ?3, auth = ?4,
                       activated_at = ?5, last_seen_at = ?5 WHERE number = ?1";
        self.0.prepare_cached(sql)?.execute(params![device, account, credential, word(&auth), at.to_string()])?;
        Ok(())
    }

    /// Replaces the credential of an activated device after its agent lost the previous one.
    pub fn renew(&self, device: i64, credential: &Hash, at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE device SET credential_hash = ?2, last_seen_at = ?3 WHERE number = ?1";
        self.0.prepare_cached(sql)?.execute(params![device, credential, at.to_string()])?;
        Ok(())
    }

    /// Takes a device out of use.
    pub fn end(&self, device: i64, state: DeviceState, at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE device SET state = ?2, ended_at = ?3 WHERE number = ?1";
        self.0.prepare_cached(sql)?.execute(params![device, state.word(), at.to_string()])?;
        Ok(())
    }

    pub fn saw(&self, device: i64, agent: &Untrusted, at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE device SET last_seen_at = ?2, agent = ?3 WHERE number = ?1";
        self.0.prepare_cached(sql)?.execute(params![device, at.to_string(), agent.raw()])?;
        Ok(())
    }
}

fn first(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<Option<HeldDevice>, Error> {
    Ok(held(connection, sql, with)?.into_iter().next())
}

fn held(connection: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<Vec<HeldDevice>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(with)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn read(row: &Row<'_>) -> Result<HeldDevice, Error> {
    let mut cells = Cells::of(row);
    let number = cells.next()?;
    let (claim_hash, credential_hash, hardware, key_hash) =
        (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    let (id, state) = (cells.parsed()?, cells.word()?);
    let mut text = || cells.text().map(Untrusted::new);
    let (host_name, serial, system, agent) = (text()?, text()?, text()?, text()?);
    let token = cells.parsed()?;
    let (enrolled_at, ended_at, last_seen_at) = (cells.parsed()?, cells.parsed_if()?, cells.parsed()?);
    let account: Option<i64> = cells.next()?;
    let refused = Some(cells.text()?).filter(|reason| !reason.is_empty());
    let activation = match account {
        None => None,
        Some(account) => {
            let (at, auth) = (cells.parsed()?, cells.word()?);
            let (user, account_name) = (cells.text()?, Untrusted::new(cells.text()?));
            Some(Activation { account, user, account_name, at, auth, preserved: cells.next()? })
        }
    };
    let device = Device {
        id,
        state,
        host_name,
        serial,
        system,
        agent,
        token,
        enrolled_at,
        activation,
        ended_at,
        last_seen_at,
        refused,
    };
    Ok(HeldDevice { number, claim_hash, credential_hash, hardware, key_hash, device })
}
