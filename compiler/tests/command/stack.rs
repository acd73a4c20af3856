//! `edgec stack` on programs for RV32 that are written here, byte by byte.

use std::path::Path;
use std::process::{Command, Output};

/// Where the code of the programs is.
const CODE: u32 = 0x8000_0000;

/// A function: its name and its instructions, of two bytes each or two such halves.
type Function = (&'static str, &'static [u16]);

const LEAF: Function = ("leaf", &[0x7141, 0x617d, 0x8082]); // addi sp, sp, -496; addi sp, sp, 496; ret
/// addi sp, sp, -16; sw ra, 12(sp); jal leaf, which is 18 bytes behind; lw ra, 12(sp); addi sp, sp, 16; ret.
const MAIN: Function = (
    "main",
    &[0x1141, 0xc606, 0x00ef, 0x00e0, 0x40b2, 0x0141, 0x8082, 0x0001, 0x0001],
);

/// An ELF file for RV32 whose functions lie one behind the other and which starts with the first.
fn elf(functions: &[Function]) -> Vec<u8> {
    let words = |numbers: &[u32]| {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let (mut code, mut names, mut symbols) = (vec![], vec![0], vec![0; 16]);
    for (name, halves) in functions {
        let address = CODE + code.len() as u32;
        symbols.extend(words(&[names.len() as u32, address, 2 * halves.len() as u32]));
        symbols.extend([0x12, 0, 1, 0]); // a global function of section 1
        names.extend(name.bytes().chain([0]));
        code.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    }
    // Code, symbols and names lie behind the head, and the table of sections behind them.
    let (symbols_at, names_at) = (52 + code.len(), 52 + code.len() + symbols.len());
    let sections_at = names_at + names.len();
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0".to_vec();
    file.extend(words(&[1, CODE, 0, sections_at as u32, 0]));
    file.extend([52, 0, 32, 0, 0, 0, 40, 0, 4, 0, 3, 0]);
    let [code_bytes, symbol_bytes, name_bytes] = [&code, &symbols, &names].map(|part: &Vec<u8>| part.len() as u32);
    file.extend(code.iter().chain(&symbols).chain(&names));
    file.extend([0; 40]);
    file.extend(words(&[0, 1, 6, CODE, 52, code_bytes, 0, 0, 2, 0]));
    file.extend(words(&[0, 2, 0, 0, symbols_at as u32, symbol_bytes, 3, 1, 4, 16]));
    file.extend(words(&[0, 3, 0, 0, names_at as u32, name_bytes, 0, 0, 1, 0]));
    file
}

fn stack(functions: &[Function], flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file: &Path = &folder.path().join("firmware.elf");
    std::fs::write(file, elf(functions)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.arg("stack").arg(file).args(flags).output().unwrap()
}

#[test]
fn the_deepest_path_of_an_rv32_program() {
    let output = stack(&[MAIN, LEAF], &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "512 bytes of stack at most, from `main` on:\n      16  main\n     496  leaf\n"
    );
    assert_eq!(output.status.code(), Some(0));
    let output = stack(&[MAIN, LEAF], &["--entry", "leaf", "--json"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("\"bytes\": 496") && said.contains("\"unbounded\": []"),
        "{said}"
    );
}

#[test]
fn what_has_no_bound_on_rv32_is_told() {
    let told = |functions: &[Function]| {
        let output = stack(functions, &[]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // addi sp, sp, -16; jal to itself, 2 bytes before; ret
    let said = told(&[("again", &[0x1141, 0xf0ef, 0xffff, 0x8082])]);
    assert!(
        said.starts_with("16 bytes of stack or more, from `again` on:"),
        "{said}"
    );
    assert!(
        said.contains("unbounded: `again` calls itself, by way of others or not"),
        "{said}"
    );
    // Two that call each other: j to the second, which is 2 bytes behind; j back.
    let said = told(&[("one", &[0xa009]), ("other", &[0xbffd])]);
    assert!(
        said.contains("unbounded: `one` calls itself, by way of others or not"),
        "{said}"
    );
    // jalr a5; ret
    let said = told(&[("by_pointer", &[0x9782, 0x8082])]);
    assert!(
        said.contains("unbounded: `by_pointer` at 0x80000000: it calls a function by a pointer"),
        "{said}"
    );
    // add sp, sp, a0; ret
    let said = told(&[("computed", &[0x912a, 0x8082])]);
    assert!(said.contains("it takes stack by a number that is computed"), "{said}");
}
