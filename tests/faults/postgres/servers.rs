//! Several servers on one database, each with its own folder, behind a proxy.

use std::{fs, thread, time::Instant};

use freelanceos::store::{Database, engine::Tx};

use super::{cluster::Cluster, eml::Eml, proxy::Proxy};
use crate::program::{Caller, PATIENCE, Place, Server};

pub struct Servers {
    pub proxy: Proxy,
    pub places: Vec<Place>,
    settings: Vec<(String, String)>,
    servers: Vec<Option<Server>>,
    pub cluster: Cluster,
}

impl Servers {
    /// Starts a number of servers and waits until they listen.
    pub async fn start(count: usize, settings: &[(&str, &str)]) -> Self {
        let cluster = Cluster::start();
        let places: Vec<Place> = (0..count).map(|_| Place::on(&cluster.url)).collect();
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let serve = |place: &Place| {
            let mut command = place.command(&["serve"]);
            command.envs(settings.iter().cloned());
            Server::begin(command)
        };
        let mut servers: Vec<Server> = places.iter().map(serve).collect();
        servers.iter_mut().for_each(Server::listens);
        let proxy = Proxy::start(servers.iter().map(|one| one.address.clone()).collect()).await;
        let servers = servers.into_iter().map(Some).collect();
        Self { proxy, places, settings, servers, cluster }
    }

    pub fn get(&self, number: usize) -> &Server {
        self.servers[number].as_ref().expect("it was killed")
    }

    /// The running servers.
    pub fn iter(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().flatten()
    }

    /// A client behind the proxy that is not signed in.
    pub fn caller(&self) -> Caller {
        Caller::of(&self.proxy.address)
    }

    /// The same account at each server.
    pub fn each(&self, caller: &Caller) -> Vec<Caller> {
        self.iter().map(|server| caller.at(server)).collect()
    }

    pub fn kill(&mut self, number: usize) {
        self.servers[number].take().unwrap().kill();
    }

    pub fn start_again(&mut self, number: usize) {
        let mut command = self.places[number].command(&["serve"]);
        command.envs(self.settings.iter().cloned());
        let server = Server::start(command);
        self.proxy.moved(number, &server.address);
        self.servers[number] = Some(server);
    }

    pub fn database(&self) -> Database {
        self.places[0].database()
    }

    /// The number that a query returns.
    pub fn number(&self, sql: &'static str) -> i64 {
        let ask = self
            .database()
            .peek(|connection| Tx::new(connection).one(sql, &[], |row| row.get::<i64>(0)));
        ask.unwrap()
    }

    /// Waits until a query returns that number.
    pub fn wait_for(&self, sql: &'static str, number: i64) {
        let deadline = Instant::now() + PATIENCE;
        while self.number(sql) != number {
            let logs = || self.iter().map(Server::log).collect::<String>();
            assert!(
                Instant::now() < deadline,
                "{} of {number}: {sql} {}",
                self.number(sql),
                logs()
            );
            thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// The names of the emails that all servers wrote, oldest first.
    pub fn mails(&self) -> Vec<(String, Eml)> {
        let folders =
            self.places.iter().filter_map(|place| fs::read_dir(place.data.join("mail")).ok());
        let files = folders.flatten().map(|entry| entry.unwrap().path());
        let mut mails: Vec<(String, Eml)> = files
            .filter(|file| file.extension().is_some_and(|ending| ending == "eml"))
            .map(|file| {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                (name, Eml::parse(&fs::read(file).unwrap()))
            })
            .collect();
        mails.sort_by(|one, other| one.0.cmp(&other.0));
        mails
    }

    /// The code in the newest email to an address, once all are delivered.
    pub fn code_of(&self, email: &str) -> String {
        self.wait_for("SELECT count(*) FROM mails WHERE delivered_at IS NULL", 0);
        let mails = self.mails();
        let newest = mails.iter().rev().find(|(_, mail)| mail.to() == email);
        newest.unwrap_or_else(|| panic!("no mail to {email}")).1.code().to_owned()
    }
}
