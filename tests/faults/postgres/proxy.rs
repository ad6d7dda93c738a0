//! A load balancer: each new connection goes to the next server.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub struct Proxy {
    pub address: String,
    servers: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(servers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let servers = Arc::new(Mutex::new(servers));
        let known = Arc::clone(&servers);
        let next = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (known, next) = (Arc::clone(&known), Arc::clone(&next));
                tokio::spawn(async move {
                    let servers = known.lock().unwrap().clone();
                    for _ in 0..servers.len() {
                        let turn = next.fetch_add(1, Ordering::Relaxed) % servers.len();
                        // Servers that are down are skipped.
                        if let Ok(mut server) = TcpStream::connect(&servers[turn]).await {
                            let _ = copy_bidirectional(&mut client, &mut server).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { address, servers, task }
    }

    /// A restarted server listens at a different address.
    pub fn moved(&self, number: usize, address: &str) {
        address.clone_into(&mut self.servers.lock().unwrap()[number]);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}
