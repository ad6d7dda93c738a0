//! Brings the fonts of scripts beyond Latin, Greek and Cyrillic into the program: takes them out
//! of the package that carries them, which cargo has downloaded and checked like every other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a build says what went wrong by failing"
)]

use std::{
    env, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::Command,
};

/// The package, and its archive of fonts.
const PACKAGE: &str = "hieroglyph";
const ARCHIVE: &str = "fonts.tar.zst";

/// The fonts that are wanted of it, the order being that of looking for a glyph.
const FONTS: &[&str] = &[
    "NotoSansArabicUI",
    "NotoSansHebrew",
    "NotoSansSinhala",
    "NotoSansTamil",
    "NotoSansDevanagari",
    "NotoSansBengali",
    "NotoSansGujarati",
    "NotoSansGurmukhi",
    "NotoSansKannada",
    "NotoSansMalayalam",
    "NotoSansTelugu",
    "NotoSansEthiopic",
    "NotoSansThai",
    "NotoSansLao",
    "NotoSansKhmer",
    "NotoSansMyanmar",
    "NotoSansArmenian",
    "NotoSansGeorgian",
    "NotoSansSymbols",
    "NotoSansMath",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let archive = package().join(ARCHIVE);
    let file = fs::File::open(&archive)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", archive.display()));
    let mut tar = ruzstd::decoding::StreamingDecoder::new(io::BufReader::new(file)).unwrap();
    let mut found = 0;
    while let Some((name, size)) = entry(&mut tar) {
        let font = name.strip_suffix("-Regular.otf").filter(|font| FONTS.contains(font));
        let padded = size.next_multiple_of(512);
        if let Some(font) = font {
            let mut bytes = vec![0; padded];
            tar.read_exact(&mut bytes).unwrap();
            fs::write(out.join(font), &bytes[..size]).unwrap();
            found += 1;
        } else {
            io::copy(&mut tar.by_ref().take(padded as u64), &mut io::sink()).unwrap();
        }
    }
    assert_eq!(found, FONTS.len(), "{} lacks fonts", archive.display());
    let list: String =
        FONTS.iter().map(|font| format!("include_bytes!({:?}),\n", out.join(font))).collect();
    fs::write(out.join("fonts.rs"), format!("[\n{list}]")).unwrap();
}

/// Where cargo keeps the package, asked of cargo itself, since only it knows of registries,
/// vendored sources and mirrors. The target is the one that `Cargo.toml` names the package for.
fn package() -> PathBuf {
    let output = Command::new(env::var_os("CARGO").unwrap())
        .args(["metadata", "--format-version=1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-none"])
        // Flags that are meant for this machine may not suit that target.
        .env("CARGO_ENCODED_RUSTFLAGS", "")
        .arg("--manifest-path")
        .arg(Path::new(&env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo could not tell where {PACKAGE} lies:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata = String::from_utf8(output.stdout).unwrap();
    let manifest = (metadata.split(r#""manifest_path":""#).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .map(|path| PathBuf::from(path.replace(r"\\", r"\")))
        .find(|path| is_of_package(path))
        .unwrap_or_else(|| panic!("cargo knows no {PACKAGE}"));
    manifest.parent().unwrap().to_owned()
}

/// `…/hieroglyph-0.1.0/Cargo.toml`, or `…/hieroglyph/Cargo.toml` among vendored sources.
fn is_of_package(manifest: &Path) -> bool {
    let folder = manifest.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let rest = folder.and_then(|folder| folder.strip_prefix(PACKAGE));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Name and size of the next file of a tar archive, whose bytes come next.
fn entry(tar: &mut impl Read) -> Option<(String, usize)> {
    let mut header = [0; 512];
    tar.read_exact(&mut header).ok()?;
    let field = |range: std::ops::Range<usize>| {
        let text = String::from_utf8_lossy(&header[range]);
        text.trim_matches(['\0', ' ']).to_owned()
    };
    let name = field(0..100);
    // Blocks of zeros end the archive.
    if name.is_empty() {
        return None;
    }
    let size = usize::from_str_radix(&field(124..136), 8).expect("a size in octal digits");
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    Some((name, size))
}
