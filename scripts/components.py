#!/usr/bin/env python3
"""Writes what a crate of this workspace is made of: a list of components in CycloneDX's JSON, and the licences of those
that are part of the program.

    scripts/components.py CRATE TARGET LIST.json [--features F,..] [--licences FILE]

CRATE is `runtime-core` or `edgec`, TARGET a triple of rustc. Which crates are compiled comes from `cargo tree`, and what
they are from `cargo metadata` and Cargo.lock. The same sources and the same Rust give the same bytes.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"edgec": "compiler", "runtime-core": "runtime-core"}
PACKAGE = re.compile(r"^(\d+)(\S+) v(\S+)")
# What the texts are called that a licence asks to be passed on.
TEXTS = re.compile(r"^(licen[cs]e|copying|notice|unlicense)([-.].*)?$", re.IGNORECASE)


def output(*command, folder=ROOT):
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def tree(crate, target, features, *options):
    """The lines of `cargo tree`, of the crate alone: in its folder, other members' features do not count."""
    command = ["cargo", "tree", "--locked", "--target", target, *options]
    return output(*command, *(["--features", features] if features else []), folder=ROOT / FOLDERS[crate]).splitlines()


class Component:
    """A crate: what it depends on, and whether it is linked into the program or only runs while that is built."""

    def __init__(self, name, version, linked):
        self.name, self.version, self.linked = name, version, linked
        self.needs = set()

    @property
    def purl(self):
        return f"pkg:cargo/{self.name}@{self.version}"


def components(crate, target, features):
    """The crates of the tree, the first of them the root."""
    only_linked = tree(crate, target, features, "--prefix", "none", "--edges", "normal,no-proc-macro")
    linked = {tuple(line.split()[:2]) for line in only_linked}
    found, path = {}, []
    for line in tree(crate, target, features, "--prefix", "depth", "--no-dedupe", "--edges", "normal,build"):
        depth, name, version = PACKAGE.match(line).groups()
        component = found.setdefault((name, version), Component(name, version, (name, f"v{version}") in linked))
        del path[int(depth) :]
        if path:
            path[-1].needs.add(component.purl)
        path.append(component)
    return list(found.values())


def described(of, root, packages, checksums):
    """A component as CycloneDX has it."""
    package = packages[of.name, of.version]
    told = {
        "type": "application" if of is root and of.name == "edgec" else "library",
        "bom-ref": of.purl,
        "name": of.name,
        "version": of.version,
        "description": " ".join((package["description"] or "").split()),
        "licenses": [{"expression": (package["license"] or "").replace("/", " OR ")}],
        "purl": of.purl,
    }
    if of is not root:
        told["scope"] = "required" if of.linked else "excluded"
    if checksum := checksums.get((of.name, of.version)):
        told["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        told["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return told


def standard_library():
    """Rust's own libraries, of the compiler that builds this."""
    version = output("rustc", "--version").split()[1]
    return {
        "type": "library",
        "bom-ref": f"rust-std@{version}",
        "name": "rust-std",
        "version": version,
        "description": "The standard library of Rust, with what it links: for targets that end in musl, musl.",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "scope": "required",
    }


def bill(crate, found, packages):
    root, others = found[0], sorted(found[1:], key=lambda component: (component.name, component.version))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    std = standard_library()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct"))
    edges = [{"ref": c.purl, "dependsOn": sorted(c.needs)} for c in [root, *others]]
    edges[0]["dependsOn"].append(std["bom-ref"])
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": described(root, root, packages, checksums),
        },
        "components": [described(c, root, packages, checksums) for c in others] + [std],
        "dependencies": edges + [{"ref": std["bom-ref"], "dependsOn": []}],
    }
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).digest()
    return {"serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}", **made}


def licences(found, packages):
    """The texts that come with what is linked, each once."""
    texts = {}
    for component in sorted(found[1:], key=lambda component: component.name):
        package = packages[component.name, component.version]
        if not component.linked or package["source"] is None:
            continue
        folder = Path(package["manifest_path"]).parent
        files = sorted(file for file in folder.iterdir() if file.is_file() and TEXTS.match(file.name))
        name = f"{component.name} {component.version} ({package['license']})"
        for text in [file.read_text(errors="replace").strip() for file in files] or ["no text comes with it"]:
            texts.setdefault(text, []).append(name)
    rule = "=" * 80
    parts = (f"{rule}\n{chr(10).join(names)}\n{rule}\n\n{text}\n" for text, names in texts.items())
    return "What others wrote that is part of this program, and their licences.\n\n" + "\n".join(parts)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("crate", choices=FOLDERS)
    options.add_argument("target")
    options.add_argument("list", type=Path)
    options.add_argument("--features", default="")
    options.add_argument("--licences", type=Path)
    options = options.parse_args()

    found = components(options.crate, options.target, options.features)
    # Crates of other platforms would be downloaded for it.
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", options.target]
    metadata = json.loads(output(*command))
    packages = {(p["name"], p["version"]): p for p in metadata["packages"]}
    options.list.write_text(json.dumps(bill(options.crate, found, packages), indent=2) + "\n")
    if options.licences:
        options.licences.write_text(licences(found, packages))
    linked = sum(component.linked for component in found)
    print(f"{options.list.name}: {linked} crates, and {len(found) - linked} that only build them")
    return 0


sys.exit(main())
