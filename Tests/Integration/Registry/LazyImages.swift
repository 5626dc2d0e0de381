import Foundation

/// Images with tables of contents, made of images without.
enum LazyImages {
    /// The formats that have one.
    enum Format: String, CaseIterable, Sendable {
        /// As skopeo writes it.
        case zstdChunked
        /// As stargz-snapshotter's documentation describes it.
        case eStargz
        /// The same, but that the table says another mode of a file than the archive.
        case falseStargz
        /// eStargz that wants its random bytes to be here first.
        case prioritized
        /// As `kade push` writes it.
        case pushedZstdChunked = "zstd:chunked"
        case pushedStargz = "estargz"
    }

    /// Converts an image of a layout.
    ///
    /// - Returns: the layout that has it, under the same name.
    static func convert(
        _ images: TestImages, _ name: String, to format: Format, in folder: TemporaryFolder
    ) throws -> String {
        if [.pushedStargz, .pushedZstdChunked].contains(format) {
            return try push(images, name, as: format.rawValue, in: folder)
        }
        let path = folder.at("lazy")
        try folder.write(program, to: "convert.py")
        try Tool.check("python3", folder.at("convert.py"), images.path, path, format.rawValue)
        guard format == .zstdChunked else { return path }
        let chunked = folder.at("chunked")
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "--dest-compress-format", "zstd:chunked",
            "oci:\(path):\(name)", "oci:\(chunked):\(name)")
        return chunked
    }

    /// Lets Kade compress an image's layers again while it pushes it.
    private static func push(
        _ images: TestImages, _ name: String, as format: String, in folder: TemporaryFolder
    ) throws -> String {
        let kade = try Kade()
        let registry = try TestRegistry()
        let remote = "\(registry.authority)/\(name):1"
        try registry.push(images, name, to: "\(name):1")
        try kade.check("pull", "-q", remote)
        try kade.check("push", "-q", "--compression-format", format, "--force-compression", remote)
        let path = folder.at("pushed")
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false",
            "--preserve-digests", "docker://\(remote)", "oci:\(path):\(name)")
        return path
    }

    /// Writes a layout whose layers are eStargz: docs/estargz.md of stargz-snapshotter.
    ///
    /// Or, for skopeo, usual ones whose archives end with two blocks of zeros: it leaves out what
    /// GNU tar writes behind them, so that the diffID would be another.
    private static let program = #"""
        import gzip, hashlib, io, json, os, sys, tarfile, zlib, datetime
        source, target, kind = sys.argv[1:]
        CHUNK = 100000
        def path(layout, digest): return layout + "/blobs/" + digest.replace(":", "/")
        def store(data):
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            os.makedirs(target + "/blobs/sha256", exist_ok=True)
            open(path(target, digest), "wb").write(data)
            return digest
        def load(digest): return json.load(open(path(source, digest)))
        def member(data):
            return gzip.compress(data, 6, mtime=0)
        def name_of(item):
            return item.name[2:] if item.name.startswith("./") else item.name.strip("/").strip(".") \
                if item.name in (".", "./", "/") else item.name
        def prioritize(tar):
            """The archive with the random bytes first, and the landmark behind them."""
            out, old = io.BytesIO(), tarfile.open(fileobj=io.BytesIO(tar))
            items = old.getmembers()
            first = [i for i in items if i.size in (2000000, 3000000)]
            landmark = tarfile.TarInfo(".prefetch.landmark")
            landmark.size = 1
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as new:
                for item in first + [landmark] + [i for i in items if i not in first]:
                    data = io.BytesIO(b"\x0f") if item is landmark else \
                        old.extractfile(item) if item.isreg() else None
                    new.addfile(item, data)
            return out.getvalue()
        def convert(tar):
            out, entries, pending = bytearray(), [], bytearray()
            def flush():
                nonlocal pending
                if pending: out.extend(member(bytes(pending)))
                pending = bytearray()
            if kind == "prioritized": tar = prioritize(tar)
            archive = tarfile.open(fileobj=io.BytesIO(tar))
            kinds = {"0": "reg", "\0": "reg", "1": "hardlink", "2": "symlink", "3": "char",
                "4": "block", "5": "dir", "6": "fifo"}
            position = 0
            for item in archive:
                start = item.offset_data
                pending += tar[position:start]  # the header, and the padding before it
                entry = {"name": name_of(item), "type": kinds[item.type.decode()],
                    "mode": item.mode, "uid": item.uid, "gid": item.gid,
                    "modtime": datetime.datetime.fromtimestamp(int(item.mtime),
                        datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}
                if item.linkname: entry["linkName"] = item.linkname
                if item.devmajor or item.devminor:
                    entry["devMajor"], entry["devMinor"] = item.devmajor, item.devminor
                position = start
                if entry["type"] == "reg" and item.size:
                    data = tar[start:start + item.size]
                    entry["size"] = item.size
                    entry["digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
                    chunks = [data[at:at + CHUNK] for at in range(0, len(data), CHUNK)]
                    for number, chunk in enumerate(chunks):
                        flush()
                        line = entry if number == 0 else {"name": entry["name"], "type": "chunk"}
                        line["offset"] = len(out)
                        line["chunkDigest"] = "sha256:" + hashlib.sha256(chunk).hexdigest()
                        if number: line["chunkOffset"] = number * CHUNK
                        if number < len(chunks) - 1: line["chunkSize"] = len(chunk)
                        if number: entries.append(line)
                        else: entries.append(entry)
                        pending += chunk
                    position = start + item.size
                else:
                    entries.append(entry)
            pending += tar[position:].rstrip(b"\0")
            used = position + len(tar[position:].rstrip(b"\0"))
            pending += b"\0" * (-used % 512)
            # The table is the last member of the archive, whose end comes with it.
            flush()
            if kind == "falseStargz":
                for entry in entries:
                    if entry["name"].startswith("random-") and entry["type"] == "reg":
                        entry["mode"] = 0o4755
            text = json.dumps({"version": 1, "entries": entries}).encode()
            inner = io.BytesIO()
            with tarfile.open(fileobj=inner, mode="w", format=tarfile.USTAR_FORMAT) as table:
                header = tarfile.TarInfo("stargz.index.json")
                header.size = len(text)
                table.addfile(header, io.BytesIO(text))
            place = len(out)
            out.extend(member(inner.getvalue()))
            footer = bytearray(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff")
            extra = b"SG" + (22).to_bytes(2, "little") + b"%016xSTARGZ" % place
            footer += len(extra).to_bytes(2, "little") + extra
            footer += b"\x01\0\0\xff\xff" + b"\0" * 8
            assert len(footer) == 51, len(footer)
            out.extend(footer)
            whole = zlib.decompressobj(31)
            plain, rest = b"", bytes(out)
            while rest:
                part = zlib.decompressobj(31)
                plain += part.decompress(rest) + part.flush()
                rest = part.unused_data
            return bytes(out), "sha256:" + hashlib.sha256(plain).hexdigest(), \
                "sha256:" + hashlib.sha256(text).hexdigest()
        index = json.load(open(source + "/index.json"))
        for named in index["manifests"]:
            manifest = load(named["digest"])
            config = load(manifest["config"]["digest"])
            diffs = []
            for layer in manifest["layers"]:
                data = open(path(source, layer["digest"]), "rb").read()
                if data[:2] == b"\x1f\x8b": data = gzip.decompress(data)
                if kind == "zstdChunked":
                    used = len(data.rstrip(b"\0"))
                    data = data[:used + -used % 512] + b"\0" * 1024
                    diffs.append("sha256:" + hashlib.sha256(data).hexdigest())
                    data = gzip.compress(data, 1, mtime=0)
                    layer.update(digest=store(data), size=len(data))
                    continue
                blob, diff, toc = convert(data)
                diffs.append(diff)
                layer.update(digest=store(blob), size=len(blob),
                    mediaType="application/vnd.oci.image.layer.v1.tar+gzip",
                    annotations={"containerd.io/snapshot/stargz/toc.digest": toc})
            config["rootfs"]["diff_ids"] = diffs
            text = json.dumps(config).encode()
            manifest["config"].update(digest=store(text), size=len(text))
            text = json.dumps(manifest).encode()
            named.update(digest=store(text), size=len(text))
        open(target + "/index.json", "w").write(json.dumps(index))
        open(target + "/oci-layout", "w").write('{"imageLayoutVersion": "1.0.0"}')
        """#
}
