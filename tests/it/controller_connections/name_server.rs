//! A fake name server with hand-made answers (RFC 1035, 4.1; RFC 2782).

use std::net::{SocketAddr, UdpSocket};

/// Priority, weight, port and target.
type Record = (u16, u16, u16, &'static str);

pub(crate) struct NameServer(SocketAddr);

impl NameServer {
    /// Answers for these names with their SRV records, and that there is no such name for any other. Its thread ends
    /// with the test.
    pub(crate) fn start(names: &[(&'static str, &[Record])]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let names: Vec<(String, Vec<Record>)> =
            names.iter().map(|(name, all)| ((*name).into(), all.to_vec())).collect();
        std::thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query) {
                let _ = socket.send_to(&answer(&query[..length], &names), client);
            }
        });
        Self(address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0
    }
}

fn answer(query: &[u8], names: &[(String, Vec<Record>)]) -> Vec<u8> {
    let (mut asked, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let label = &query[at + 1..=at + usize::from(query[at])];
        asked.push(String::from_utf8_lossy(label).to_lowercase());
        at += 1 + label.len();
    }
    let question = &query[12..at + 5];
    let found = names.iter().find(|(name, _)| *name == asked.join("."));
    let records = found.map_or(&[][..], |(_, records)| records);
    // A response to a recursive query; 3 is "no such name".
    let flags = [0x81, if found.is_some() { 0x80 } else { 0x83 }];
    let count = u16::try_from(records.len()).expect("few").to_be_bytes();
    let mut answer = [&query[..2], &flags, &[0, 1], &count, &[0, 0, 0, 0], question].concat();
    for (priority, weight, port, target) in records {
        let mut data: Vec<u8> = [priority, weight, port].iter().flat_map(|number| number.to_be_bytes()).collect();
        for label in target.split('.').filter(|label| !label.is_empty()) {
            data.push(u8::try_from(label.len()).expect("short"));
            data.extend(label.as_bytes());
        }
        data.push(0);
        // The name by a pointer to the question, SRV, IN, a minute to live.
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        answer.extend(data);
    }
    answer
}
