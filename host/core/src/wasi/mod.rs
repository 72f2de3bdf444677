//! WASI for guests whose toolchain requires it: it denies everything.
//!
//! There are no files, no arguments, no environment, no network and no standard input. Clocks count
//! how often they are read, and random bytes are one fixed sequence, so the same documents give the
//! same results. Output to standard output and standard error goes to the UDF's log, line by line.
//! Nothing waits: polling returns at once, so a guest cannot sleep past its deadline, and no
//! asynchronous runtime is ever started.
//!
//! The interfaces are those of wasmtime-wasi; the ones that could wait or reach outside are
//! replaced here. A context is created when a guest first calls one of them, because most guests
//! import none.

mod output;
mod streams;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{HasData, HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::cli::{exit, stderr, stdout};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::bindings::sync::sockets::udp_create_socket;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sockets, sync};
use wasmtime_wasi::p2::{
    DynOutputStream, DynPollable, Network, Pollable, SocketError, SocketResult, TcpSocket,
    UdpSocket, subscribe,
};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};
use wasmtime_wasi::{Deterministic, HostWallClock, WasiCtx, WasiCtxView, WasiView, async_trait};

use self::output::LogStream;
use self::streams::Streams;
use crate::error::Stopped;
use crate::query::LogLevel;
use crate::state::State;

/// The maximum number of streams, pollables and errors of a guest.
const RESOURCES: usize = 1024;

/// The maximum number of random bytes per call.
const RANDOM_BYTES: u64 = 1 << 20;

/// A guest's WASI.
pub(crate) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    clock: Clock,
}

impl Wasi {
    fn new() -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let sequence = || Deterministic::new((0..=u8::MAX).map(|i| i.wrapping_mul(167)).collect());
        let context = WasiCtx::builder()
            .wall_clock(Clock::default())
            .secure_random(sequence())
            .insecure_random(sequence())
            .insecure_random_seed(0)
            .max_random_size(RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        Self {
            context,
            table,
            clock: Clock::default(),
        }
    }
}

/// A clock that advances by a millisecond with each reading.
#[derive(Default)]
struct Clock(AtomicU64);

const TICK: Duration = Duration::from_millis(1);

impl Clock {
    fn tick(&self) -> Duration {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(ticks)
    }
}

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        TICK
    }

    fn now(&self) -> Duration {
        self.tick()
    }
}

impl State {
    fn wasi(&mut self) -> &mut Wasi {
        // Output is logged, and clocks count how often they are read.
        self.note_asked();
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new()))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { context, table, .. } = self.wasi();
        WasiCtxView {
            ctx: context,
            table,
        }
    }
}

/// The parts of wasmtime-wasi that only use the table.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds all of WASI 0.2's `wasi:cli/imports` to a linker.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let l = linker;
    type Own = HasSelf<State>;
    cli::stdout::add_to_linker::<_, Own>(l, |state| state)?;
    cli::stderr::add_to_linker::<_, Own>(l, |state| state)?;
    cli::exit::add_to_linker::<_, Own>(l, |state| state)?;
    clocks::monotonic_clock::add_to_linker::<_, Own>(l, |state| state)?;
    sockets::tcp_create_socket::add_to_linker::<_, NoSockets>(l, |_| NoSockets)?;
    sync::sockets::udp_create_socket::add_to_linker::<_, NoSockets>(l, |_| NoSockets)?;
    sync::io::poll::add_to_linker::<_, Streams<'static>>(l, |state| {
        Streams(&mut state.wasi().table)
    })?;
    sync::io::streams::add_to_linker::<_, Streams<'static>>(l, |state| {
        Streams(&mut state.wasi().table)
    })?;

    wasmtime_wasi::p2::bindings::io::error::add_to_linker::<_, Table>(l, |s| &mut s.wasi().table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, WasiClocksView::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, WasiRandomView::random)?;
    cli::environment::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, WasiCliView::cli)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, WasiFilesystemView::filesystem)?;
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, WasiFilesystemView::filesystem)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(l, WasiSocketsView::sockets)?;
    sockets::network::add_to_linker::<_, WasiSockets>(
        l,
        &sockets::network::LinkOptions::default(),
        WasiSocketsView::sockets,
    )?;
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(l, WasiSocketsView::sockets)?;
    sync::sockets::tcp::add_to_linker::<_, WasiSockets>(l, WasiSocketsView::sockets)?;
    sync::sockets::udp::add_to_linker::<_, WasiSockets>(l, WasiSocketsView::sockets)
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.log_stream(LogLevel::Info)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.log_stream(LogLevel::Warn)
    }
}

impl State {
    fn log_stream(&mut self, level: LogLevel) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream = LogStream::new(self.query.clone(), self.udf.clone(), level);
        let stream: DynOutputStream = Box::new(stream);
        Ok(self.wasi().table.push(stream)?)
    }
}

impl exit::Host for State {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        self.exit_with_code(u8::from(status.is_err()))
    }

    fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        let reason =
            format!("it exited with status {code}, but a UDF cannot exit: return an error instead");
        let message = self.last_error();
        let stopped = Stopped::Trap {
            reason,
            message,
            line: None,
        };
        Err(stopped.into())
    }
}

/// The alarm of every clock: it is always over.
struct Over;

#[async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        let now = self.wasi().clock.tick();
        Ok(u64::try_from(now.as_nanos())?)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(TICK.as_nanos())?)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.query.check()?;
        let table = &mut self.wasi().table;
        let over = table.push(Over)?;
        subscribe(table, over)
    }

    fn subscribe_duration(&mut self, _duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe_instant(0)
    }
}

/// Refuses every socket.
struct NoSockets;

impl HasData for NoSockets {
    type Data<'a> = Self;
}

impl tcp_create_socket::Host for NoSockets {
    fn create_tcp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        Err(ErrorCode::AccessDenied.into())
    }
}

impl udp_create_socket::Host for NoSockets {
    fn create_udp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Err(ErrorCode::AccessDenied.into())
    }
}

impl network::Host for NoSockets {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        _: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for NoSockets {
    fn drop(&mut self, _: Resource<Network>) -> wasmtime::Result<()> {
        Ok(())
    }
}
