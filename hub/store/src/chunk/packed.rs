//! Columns in `pco`'s wrapped format, a chunk of one page: for long columns, and for numbers that are no decimals. Pure.
//!
//! Read next: `ints.rs` and `numbers.rs`, which try it beside their own.

use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec, PagingSpec};

use super::Damaged;
use super::bytes::Reader;
use super::ints::put_block;

/// One level under `pco`'s default: a hundredth longer, and twice as fast.
const LEVEL: usize = 7;

/// For integers whose differences of order `order` are small, and that have no divisor in common.
pub(super) fn walking(order: usize) -> ChunkConfig {
    ChunkConfig::default().with_mode_spec(ModeSpec::Classic).with_delta_spec(if order == 0 {
        DeltaSpec::NoOp
    } else {
        DeltaSpec::TryConsecutive(order)
    })
}

/// The body, its length first. `None` when `pco` refuses, which no column has made it do.
pub(super) fn written<T: Number>(numbers: &[T], config: ChunkConfig) -> Option<Vec<u8>> {
    let config = config
        .with_compression_level(LEVEL)
        .with_paging_spec(PagingSpec::EqualPagesUpTo(numbers.len().max(1)));
    let file = FileCompressor::default();
    let mut packed = Vec::new();
    file.write_header(&mut packed).ok()?;
    let mut chunk = file.chunk_compressor(numbers, &config).ok()?;
    chunk.write_meta(&mut packed).ok()?;
    chunk.write_page(0, &mut packed).ok()?;
    let mut body = Vec::with_capacity(packed.len() + 3);
    put_block(&mut body, &packed);
    Some(body)
}

/// Reads `count` numbers. Memory is bounded by `count`, whatever the bytes say.
pub(super) fn read<T: Number + Default>(from: &mut Reader<'_>, count: usize) -> Result<Vec<T>, Damaged> {
    let len = from.count(usize::MAX)?;
    unpack(from.take(len)?, count).map_err(|_| Damaged("a column that pco cannot read"))
}

fn unpack<T: Number + Default>(packed: &[u8], count: usize) -> pco::errors::PcoResult<Vec<T>> {
    let (file, rest) = FileDecompressor::new(packed)?;
    let (mut chunk, rest) = file.chunk_decompressor::<T, _>(rest)?;
    let mut numbers = vec![T::default(); count];
    chunk.page_decompressor(rest, count)?.read(&mut numbers)?;
    Ok(numbers)
}
