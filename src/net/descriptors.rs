//! How many files this process may have open: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything else: the database, mail, refusals, logs.
const RESERVE: u64 = 256;

/// Raises the limit as far as that many connections need and the machine allows, and answers
/// how many there is room for.
pub fn make_room(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (connections as u64).saturating_add(RESERVE);
    let Some(current) = limit.current.filter(|current| *current < wanted) else {
        return connections;
    };
    let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    let reached = if setrlimit(Resource::Nofile, raised).is_ok() { most } else { current };
    room_of(reached, connections)
}

/// How many of that many connections the hard limit leaves room for.
pub fn room(connections: usize) -> usize {
    match getrlimit(Resource::Nofile).maximum {
        Some(maximum) => room_of(maximum, connections),
        None => connections,
    }
}

/// Where the limit is tiny, half of it is for connections.
fn room_of(limit: u64, connections: usize) -> usize {
    let room = limit.saturating_sub(RESERVE).max(limit / 2);
    usize::try_from(room).map_or(connections, |room| room.min(connections)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        for (limit, connections, room) in
            [(20_000, 10_000, 10_000), (1024, 10_000, 768), (256, 10_000, 128), (1, 5, 1)]
        {
            assert_eq!(room_of(limit, connections), room);
        }
    }
}
