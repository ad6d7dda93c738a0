//! The limit of open files: each connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors reserved for everything else (database, mail, logs), under a small limit and under a
/// large one.
const RESERVE: (u64, u64) = (48, 192);
/// Connections that may be refused with a response at the same time.
const REFUSALS: u64 = 64;

/// How many connections fit at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub connections: usize,
    /// Connections that are refused with a response.
    pub refusals: usize,
}

/// Raises the limit to what that many connections need, as far as the system allows, and returns
/// the resulting room.
pub fn make_room(connections: usize) -> Room {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (connections as u64).saturating_add(REFUSALS + RESERVE.1);
    let Some(current) = limit.current.filter(|current| *current < wanted) else {
        return room_of(wanted, connections);
    };
    let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    let reached = if setrlimit(Resource::Nofile, raised).is_ok() { most } else { current };
    room_of(reached, connections)
}

/// Returns how many of these connections fit under the hard limit.
pub fn room(connections: usize) -> usize {
    match getrlimit(Resource::Nofile).maximum {
        Some(maximum) => room_of(maximum, connections).connections,
        None => connections,
    }
}

/// Even a tiny limit leaves room for one connection.
fn room_of(limit: u64, connections: usize) -> Room {
    let spare = limit.saturating_sub((limit / 4).clamp(RESERVE.0, RESERVE.1));
    let refusals = (spare / 8).clamp(1, REFUSALS);
    let room = spare.saturating_sub(refusals).max(1);
    Room {
        connections: usize::try_from(room).map_or(connections, |room| room.min(connections)),
        refusals: usize::try_from(refusals).unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_refusals_leave_descriptors_for_the_rest() {
        for (limit, connections, room, refusals) in [
            (20_000, 10_000, 10_000, 64),
            (10_256, 10_000, 10_000, 64),
            (1024, 10_000, 768, 64),
            (256, 10_000, 168, 24),
            (80, 10_000, 28, 4),
            (1, 5, 1, 1),
        ] {
            assert_eq!(
                room_of(limit, connections),
                Room { connections: room, refusals },
                "{limit}"
            );
        }
    }
}
