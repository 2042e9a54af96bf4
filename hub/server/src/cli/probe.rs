//! `commune-hub probe`: what a Modbus device holds, in every way to read it, before anything is configured. Never writes.
//!
//! How plausible a reading is, is decided in `adapters_modbus::probe`; here it is only asked for and printed.

use std::io::Write;
use std::time::Duration;

use adapters_modbus::probe::{
    Asks, Interpretation, Look, Prober, ScanFound, device_toml, interpretations, look, modicon, point_toml,
    scan_registers, scan_unit,
};
use adapters_modbus::register::{Register, parse_modicon};
use adapters_modbus::{Endpoint, MAX_BITS, MAX_REGISTERS};
use adapters_sdk::Clock;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hub_model::{Quantity, duration};

/// Other places than the first address at which something plausible is shown.
const PLACES_SHOWN: usize = 8;

#[derive(Subcommand)]
pub enum ProbeCommand {
    /// Read a Modbus device live: raw words beside every type and byte order, the most plausible first
    Modbus(LookOptions),
    /// Look slowly for units on a bus, and for the registers that each of them has
    Scan(ScanOptions),
}

#[derive(Args)]
struct Where {
    /// tcp://HOST:PORT, rtu+tcp://HOST:PORT or serial:///dev/DEVICE?baud=9600&parity=none&stop=1&data=8
    endpoint: Endpoint,
    /// coil, discrete, holding or input
    #[arg(long, default_value = "holding", value_parser = register)]
    register: Register,
    /// How long an answer may take
    #[arg(long, default_value = "1s", value_parser = span)]
    timeout: Duration,
}

#[derive(Args)]
pub struct LookOptions {
    #[command(flatten)]
    at: Where,
    /// The device's number on the bus
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    unit: u8,
    /// The first address from 0, or a Modicon number of six digits such as 400001, which names the table, too
    #[arg(long)]
    address: String,
    /// How many registers or bits
    #[arg(long, default_value_t = 4)]
    count: u16,
    /// What it is said to measure, such as ph: its usual values then count most
    #[arg(long, value_parser = quantity)]
    quantity: Option<String>,
    /// How many times it is read
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    reads: u32,
    /// Time between two reads
    #[arg(long, default_value = "500ms", value_parser = span)]
    every: Duration,
}

#[derive(Args)]
pub struct ScanOptions {
    #[command(flatten)]
    at: Where,
    /// The units to look for, such as 1-20
    #[arg(long, default_value = "1-20", value_parser = range)]
    units: (u16, u16),
    /// The addresses to try at each unit that is there, such as 0-99
    #[arg(long, default_value = "0-99", value_parser = range)]
    addresses: (u16, u16),
    /// Quiet time after each request, for the sake of whoever else uses the bus
    #[arg(long, default_value = "200ms", value_parser = span)]
    pause: Duration,
}

/// Does what was asked for.
pub fn run(command: &ProbeCommand, out: &mut impl Write) -> anyhow::Result<()> {
    let runtime = crate::run::runtime()?;
    match command {
        ProbeCommand::Modbus(options) => runtime.block_on(show(options, out)),
        ProbeCommand::Scan(options) => runtime.block_on(scan(options, out)),
    }
}

async fn show(options: &LookOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let (register, start) = table_and_address(options)?;
    let most = if register.is_bit() { MAX_BITS } else { MAX_REGISTERS };
    if options.count == 0 || options.count > most {
        bail!("--count: found {}, allowed: 1 to {most}", options.count);
    }
    if u32::from(start) + u32::from(options.count) > 65_536 {
        bail!("--count: {} from address {start} would end beyond 65535", options.count);
    }
    let wanted = Look {
        unit_id: options.unit,
        register,
        start,
        count: options.count,
        times: options.reads,
        every: options.every,
    };
    let mut prober = Prober::new(options.at.endpoint.clone(), options.at.timeout, Clock::system());
    let rounds = look(&mut prober, &wanted).await;
    let rounds = rounds.with_context(|| format!("{} unit {}", options.at.endpoint, options.unit))?;
    print(&wanted, &rounds, options.quantity.as_deref(), out)
}

fn print(
    look: &Look,
    rounds: &[Vec<u16>],
    quantity: Option<&str>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    writeln!(out, "{} of unit {}, read {} times", look.register.word(), look.unit_id, rounds.len())?;
    writeln!(out, "\naddress  number  words, the newest last")?;
    for at in 0..usize::from(look.count) {
        let address = look.start + u16::try_from(at)?;
        let words = rounds.iter().filter_map(|round| round.get(at));
        let words: Vec<_> = words.map(|word| word_text(look.register, *word)).collect();
        writeln!(out, "{address:>7}  {:06}  {}", modicon(look.register, address), words.join("  "))?;
    }
    let found = interpretations(rounds, look.register, quantity);
    let (first, others): (Vec<_>, Vec<_>) = found.iter().partition(|one| one.offset == 0);
    writeln!(out, "\naddress {}, the most plausible first:", look.start)?;
    first.iter().try_for_each(|one| line(look, one, out))?;
    let mut places = Vec::new();
    for one in others.into_iter().filter(|one| one.score > 0) {
        if !places.contains(&one.offset) && places.len() < PLACES_SHOWN {
            if places.is_empty() {
                writeln!(out, "\nother places, the best of each:")?;
            }
            places.push(one.offset);
            line(look, one, out)?;
        }
    }
    if let Some(best) = first.first() {
        writeln!(out, "\n{}", point_toml(look, best, quantity).trim_end())?;
    }
    Ok(())
}

fn word_text(register: Register, word: u16) -> String {
    if register.is_bit() { word.to_string() } else { format!("{word:04X} ({word})") }
}

fn line(look: &Look, one: &Interpretation, out: &mut impl Write) -> anyhow::Result<()> {
    let scale = if one.scale == "1" { String::new() } else { format!(" × {}", one.scale) };
    let (kind, order) = (one.data_type.word(), one.byte_order.word());
    let address = look.start + one.offset;
    let what = format!("{kind} {order}{scale}");
    let reasons: Vec<_> = one.reasons.iter().map(|reason| reason.en.as_str()).collect();
    writeln!(out, "{:>5}  {address:>5}  {what:<22} {:<24} {}", one.score, one.value, reasons.join("; "))?;
    Ok(())
}

async fn scan(options: &ScanOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let (first, last) = options.units;
    if first == 0 || last > 247 {
        bail!("--units: found {first}-{last}, allowed: from 1 to 247");
    }
    let mut prober = Prober::new(options.at.endpoint.clone(), options.at.timeout, Clock::system());
    let (mut there, register) = (Vec::new(), options.at.register);
    for unit in (first..=last).filter_map(|unit| u8::try_from(unit).ok()) {
        let found = scan_unit(&mut prober, unit, register, options.addresses.0).await;
        match found.with_context(|| options.at.endpoint.to_string())? {
            ScanFound::Answers => writeln!(out, "unit {unit}: answers")?,
            ScanFound::Refuses(code) => {
                writeln!(out, "unit {unit}: is there, and refuses with exception {code}")?
            }
            ScanFound::Silent(why) => {
                writeln!(out, "unit {unit}: {why}")?;
                tokio::time::sleep(options.pause).await;
                continue;
            }
        }
        there.push(unit);
        tokio::time::sleep(options.pause).await;
    }
    for unit in there {
        print_registers(&mut prober, unit, options, out).await?;
    }
    Ok(())
}

async fn print_registers(
    asks: &mut impl Asks,
    unit: u8,
    options: &ScanOptions,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let register = options.at.register;
    match scan_registers(asks, unit, register, options.addresses, options.pause).await {
        Ok(found) if found.is_empty() => {
            let (first, last) = options.addresses;
            writeln!(out, "unit {unit}: no {} from {first} to {last}", register.word())?;
        }
        Ok(found) => {
            for stretch in &found {
                let end = usize::from(stretch.start) + stretch.words.len() - 1;
                let words: Vec<_> = stretch.words.iter().map(|word| format!("{word:04X}")).collect();
                writeln!(
                    out,
                    "unit {unit}: {} {}-{end}: {}",
                    register.word(),
                    stretch.start,
                    words.join(" ")
                )?;
            }
            write!(out, "\n{}", device_toml(&options.at.endpoint, unit, register, &found))?;
        }
        Err(failure) => writeln!(out, "unit {unit}: {failure}")?,
    }
    Ok(())
}

/// Six digits beyond the addresses of the wire are a Modicon number.
fn table_and_address(options: &LookOptions) -> anyhow::Result<(Register, u16)> {
    if let Ok(address) = options.address.parse() {
        return Ok((options.at.register, address));
    }
    parse_modicon(&options.address).context("--address")
}

fn register(text: &str) -> Result<Register, String> {
    let found = Register::WORDS.iter().find(|(word, _)| *word == text).map(|(_, register)| *register);
    found.ok_or_else(|| "coil, discrete, holding and input are allowed".to_owned())
}

fn quantity(text: &str) -> Result<String, String> {
    let allowed = || Quantity::codes().collect::<Vec<_>>().join(", ");
    Quantity::parse(text)
        .map(|quantity| quantity.code().to_owned())
        .ok_or_else(|| format!("allowed: {}", allowed()))
}

fn span(text: &str) -> Result<Duration, String> {
    let span = duration::parse(text).map_err(|error| error.to_string())?;
    let most = Duration::from_secs(60);
    if span <= most { Ok(span) } else { Err("at most \"1m\" is allowed".to_owned()) }
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err("a number, or two such as 1-20, the smaller first".to_owned()),
    }
}
