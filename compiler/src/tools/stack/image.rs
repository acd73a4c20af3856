//! An image: its code, and where functions begin and end.

use super::effect::Processor;
use super::riscv::RV32;
use super::thumb::THUMB;
use super::walk::Code;
use crate::Error;
use object::{Architecture, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::collections::BTreeMap;

/// A function: its symbol and where it ends.
struct Function<'e> {
    symbol: &'e str,
    end: u32,
}

/// What is in an ELF file.
pub(super) struct Image<'e> {
    /// Sections of code and constants, with their addresses.
    sections: Vec<(u32, &'e [u8])>,
    /// Where code begins (`false`) and where data between it (`true`).
    marks: BTreeMap<u32, bool>,
    functions: BTreeMap<u32, Function<'e>>,
    start: u32,
    processor: &'static Processor,
}

impl<'e> Image<'e> {
    /// Reads an image.
    pub(super) fn read(elf: &'e [u8]) -> Result<Self, Error> {
        let wrong = |message: String| {
            Error::usage(
                message,
                "give the ELF file of a program for Cortex-M or RV32, as cargo builds it",
            )
        };
        let file = object::File::parse(elf).map_err(|e| wrong(format!("this is no ELF file: {e}")))?;
        let processor = match file.architecture() {
            Architecture::Arm if file.is_little_endian() => &THUMB,
            Architecture::Riscv32 => &RV32,
            other => {
                return Err(wrong(format!(
                    "the program is for {other:?}; only Cortex-M and RV32 can be followed"
                )));
            }
        };
        let sections = file.sections().filter_map(|section| {
            let kept = matches!(section.kind(), SectionKind::Text | SectionKind::ReadOnlyData);
            let (address, data) = (u32::try_from(section.address()).ok()?, section.data().ok()?);
            // Addresses behind the end are computed with: they have to be numbers of 32 bits too.
            let end = u64::from(address) + data.len() as u64 + 8;
            (kept && u32::try_from(end).is_ok()).then_some((address, data))
        });
        let mut image = Self {
            sections: sections.collect(),
            marks: BTreeMap::new(),
            functions: BTreeMap::new(),
            start: file.entry() as u32 & !1,
            processor,
        };
        for symbol in file.symbols() {
            let (Ok(name), Ok(address)) = (symbol.name(), u32::try_from(symbol.address())) else {
                continue;
            };
            match name.get(..2) {
                Some("$t" | "$x") => drop(image.marks.insert(address, false)),
                Some("$d") => drop(image.marks.insert(address, true)),
                _ if symbol.kind() == SymbolKind::Text && !symbol.is_undefined() => {
                    image.add(name, address & !1, symbol.size())
                }
                _ => {}
            }
        }
        if image.functions.is_empty() {
            return Err(wrong("the program has no symbols of functions: it was stripped".into()));
        }
        image.end_functions();
        Ok(image)
    }

    fn add(&mut self, symbol: &'e str, address: u32, size: u64) {
        let Some(section) = self.section(address) else { return };
        let end = (u64::from(address) + size).min(section.into()) as u32;
        let function = self.functions.entry(address).or_insert(Function { symbol, end });
        function.end = function.end.max(end);
    }

    /// Lets functions without a size, as assembler has them, end where the next one begins.
    fn end_functions(&mut self) {
        let starts: Vec<u32> = self.functions.keys().copied().collect();
        for (index, start) in starts.iter().enumerate() {
            let section = self.section(*start).unwrap_or(*start);
            let next = starts.get(index + 1).map_or(section, |next| section.min(*next));
            if let Some(function) = self.functions.get_mut(start).filter(|function| function.end == *start) {
                function.end = next;
            }
        }
    }

    /// The end of the section that an address is in.
    fn section(&self, address: u32) -> Option<u32> {
        let ends = self
            .sections
            .iter()
            .map(|(start, data)| (*start, start + data.len() as u32));
        ends.into_iter()
            .find(|(start, end)| (*start..*end).contains(&address))
            .map(|(_, end)| end)
    }

    fn bytes<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let found = self.sections.iter().find_map(|(start, data)| {
            let at = address.checked_sub(*start)? as usize;
            data.get(at..)?.first_chunk()
        });
        found.copied()
    }

    /// Where the function at an address ends, if one begins there.
    pub(super) fn end(&self, function: u32) -> Option<u32> {
        self.functions.get(&function).map(|function| function.end)
    }

    /// What the source calls the function at an address.
    pub(super) fn name(&self, function: u32) -> String {
        match self.functions.get(&function) {
            // On one line, whatever the image holds.
            Some(function) => demangled(function.symbol).replace(char::is_control, "\u{fffd}"),
            None => format!("{function:#x}"),
        }
    }

    /// The function that is called `name`, or the one that the processor starts with.
    pub(super) fn entry(&self, name: Option<&str>) -> Result<u32, Error> {
        let Some(name) = name else {
            return match self.functions.contains_key(&self.start) {
                true => Ok(self.start),
                false => Err(Error::usage(
                    "the program does not say where it starts",
                    "give --entry SYMBOL",
                )),
            };
        };
        let path_end = format!("::{name}");
        let is_meant = |function: &Function<'_>| {
            let path = demangled(function.symbol);
            function.symbol == name || path == name || path.ends_with(&path_end)
        };
        let found = self.functions.iter().filter(|(_, function)| is_meant(function));
        let found: Vec<_> = found.map(|(address, function)| (*address, function.symbol)).collect();
        match found[..] {
            [(address, _)] => Ok(address),
            [] => Err(Error::usage(
                format!("the program has no function `{name}`"),
                "nm lists them; functions that were inlined are not there: #[inline(never)] keeps one",
            )),
            [(_, first), (_, second), ..] => Err(Error::usage(
                format!("the program has {} functions `{name}`", found.len()),
                format!("give the whole symbol, such as {first} or {second}"),
            )),
        }
    }
}

impl Code for Image<'_> {
    fn processor(&self) -> &'static Processor {
        self.processor
    }

    fn halfword(&self, address: u32) -> Option<u16> {
        let is_data = self
            .marks
            .range(..=address)
            .next_back()
            .is_some_and(|(_, is_data)| *is_data);
        self.bytes(address).filter(|_| !is_data).map(u16::from_le_bytes)
    }

    fn word(&self, address: u32) -> Option<u32> {
        self.bytes(address).map(u32::from_le_bytes)
    }
}

fn demangled(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}
