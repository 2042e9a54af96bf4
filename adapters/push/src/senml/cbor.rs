//! Records as CBOR, RFC 8428 §6: the labels are small integers, numbers may be decimal fractions.
//!
//! Nothing is allocated by what a header promises, and nothing recurses: hostile bytes cost no more than their length.

use minicbor::Decoder;
use minicbor::data::{Tag, Type};
use minicbor::decode::Error;

use super::SenmlError;
use super::resolve::Written;
use crate::taken::MAX_READINGS;

/// Tag of a decimal fraction: [exponent of ten, mantissa].
const DECIMAL_FRACTION: Tag = Tag::new(4);

pub(super) fn records(body: &[u8]) -> Result<Vec<Written>, SenmlError> {
    let no_pack = |error: Error| SenmlError::NoPack { detail: format!("; {error}") };
    let mut decoder = Decoder::new(body);
    let mut left = decoder.array().map_err(no_pack)?;
    let mut records = Vec::new();
    while goes_on(&mut decoder, &mut left).map_err(no_pack)? {
        if records.len() >= MAX_READINGS {
            return Err(SenmlError::TooMany);
        }
        let number = records.len() + 1;
        let problem = |error: Error| SenmlError::Record { number, problem: error.to_string() };
        records.push(record(&mut decoder).map_err(problem)?);
    }
    if decoder.position() != body.len() {
        return Err(SenmlError::NoPack { detail: "; something follows it".to_owned() });
    }
    Ok(records)
}

/// Whether another item follows in a list or map; takes the break of one of indefinite length.
fn goes_on(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, Error> {
    match left {
        Some(0) => Ok(false),
        Some(count) => {
            *count -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => {
            decoder.skip()?;
            Ok(false)
        }
        None => Ok(true),
    }
}

fn record(decoder: &mut Decoder<'_>) -> Result<Written, Error> {
    let mut written = Written::default();
    let mut left = decoder.map()?;
    while goes_on(decoder, &mut left)? {
        match decoder.datatype()? {
            Type::String | Type::StringIndef => {
                let label = text(decoder)?;
                if label.ends_with('_') {
                    written.must_understand = Some(label);
                }
                decoder.skip()?;
            }
            _ => {
                let label = decoder.i64()?;
                value(decoder, label, &mut written)?;
            }
        }
    }
    Ok(written)
}

fn value(decoder: &mut Decoder<'_>, label: i64, written: &mut Written) -> Result<(), Error> {
    match label {
        -1 => written.base_version = Some(decoder.i64()?),
        -2 => written.base_name = Some(text(decoder)?),
        -3 => written.base_time = Some(number(decoder)?),
        -4 => written.base_unit = Some(text(decoder)?),
        -5 => written.base_value = Some(number(decoder)?),
        -6 => written.base_sum = Some(number(decoder)?),
        0 => written.name = Some(text(decoder)?),
        1 => written.unit = Some(text(decoder)?),
        2 => written.value = Some(number(decoder)?),
        3 | 8 => {
            written.has_other = true;
            decoder.skip()?;
        }
        4 => written.switch = Some(decoder.bool()?),
        5 => written.sum = Some(number(decoder)?),
        6 => written.time = Some(number(decoder)?),
        _ => decoder.skip()?,
    }
    Ok(())
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, Error> {
    decoder.str_iter()?.try_fold(String::new(), |whole, piece| Ok(whole + piece?))
}

fn number(decoder: &mut Decoder<'_>) -> Result<f64, Error> {
    match decoder.datatype()? {
        Type::F16 => decoder.f16().map(f64::from),
        Type::F32 => decoder.f32().map(f64::from),
        Type::F64 => decoder.f64(),
        Type::Tag => fraction(decoder),
        _ => decoder.int().map(|number| i128::from(number) as f64),
    }
}

/// The number nearest to mantissa · 10^exponent, as reading its decimal digits gives it.
fn fraction(decoder: &mut Decoder<'_>) -> Result<f64, Error> {
    let tag = decoder.tag()?;
    if tag != DECIMAL_FRACTION || decoder.array()? != Some(2) {
        return Err(Error::message("a number was expected"));
    }
    let (exponent, mantissa) = (decoder.i32()?, decoder.int()?);
    format!("{}e{exponent}", i128::from(mantissa))
        .parse()
        .map_err(|_| Error::message("a number was expected"))
}
