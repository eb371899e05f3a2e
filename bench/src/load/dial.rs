//! Opening TCP connections without waiting, from enough addresses of the loopback network for tens of thousands.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::OwnedFd,
    sync::atomic::{AtomicU8, Ordering},
};

use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
};

use crate::limits::SOCKETS_PER_ADDRESS;

/// Each crowd of a process dials from addresses of its own: those of the one before may still be closing.
static CROWDS: AtomicU8 = AtomicU8::new(1);

/// Where the sockets of one crowd dial from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialer {
    crowd: u8,
    target: SocketAddrV4,
}

impl Dialer {
    pub(crate) fn new(target: SocketAddrV4) -> Self {
        Self { crowd: CROWDS.fetch_add(1, Ordering::Relaxed), target }
    }

    /// Begins to open a connection for the follower of that number. `receive_bytes` bounds what the kernel keeps for it.
    ///
    /// # Errors
    /// No more files or ports.
    pub(crate) fn dial(self, follower: usize, receive_bytes: Option<usize>) -> anyhow::Result<OwnedFd> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let fd = net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&fd, true)?;
        // An end that is meant sends RST and leaves no port behind.
        sockopt::set_socket_linger(&fd, Some(std::time::Duration::ZERO))?;
        if let Some(bytes) = receive_bytes {
            sockopt::set_socket_recv_buffer_size(&fd, bytes)?;
        }
        let block = u8::try_from(follower / SOCKETS_PER_ADDRESS)?;
        net::bind(&fd, &SocketAddrV4::new(Ipv4Addr::new(127, self.crowd, block, 1), 0))?;
        match net::connect(&fd, &self.target) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(fd),
            Err(error) => Err(error.into()),
        }
    }
}
