//! One address for a client's whole lifetime, whichever fake is behind it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    leads_to: Option<SocketAddr>,
    connections: JoinSet<()>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state })
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes all connections, and leads new ones there.
    pub(crate) async fn lead_to(&self, address: SocketAddr) {
        let mut connections = {
            let mut state = lock(&self.state);
            state.leads_to = Some(address);
            std::mem::take(&mut state.connections)
        };
        connections.shutdown().await;
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let mut state = lock(&state);
                while state.connections.try_join_next().is_some() {}
                if let Some(address) = state.leads_to {
                    state.connections.spawn(carry(stream, address));
                }
            }
            // Most likely out of descriptors.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Carries both ways until both ends are done. A reset at one end is one at the other.
async fn carry(mut client: TcpStream, address: SocketAddr) {
    let Ok(mut fake) = TcpStream::connect(address).await else { return };
    let (_, _) = (client.set_nodelay(true), fake.set_nodelay(true));
    if copy_bidirectional(&mut client, &mut fake).await.is_err() {
        let (_, _) = (client.set_zero_linger(), fake.set_zero_linger());
    }
}
