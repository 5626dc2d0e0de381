import Engine
import Testing

@testable import cli

@Suite struct VolumeFlagTests {
    @Test func `a path is bound and made where it is missing`() throws {
        let volume = try VolumeFlag.parse("/src:/dst:ro,rslave")
        var bind = BindRequest(source: "/src", createsSource: true)
        bind.propagation = "rslave"
        #expect(
            volume.request == MountRequest(kind: .bind(bind), target: "/dst", isReadOnly: true))
    }

    @Test func `a name is a volume and one path an anonymous one`() throws {
        var volume = VolumeRequest(name: "data")
        volume.isCopiedUp = false
        #expect(
            try VolumeFlag.parse("data:/dst:nocopy").request
                == MountRequest(kind: .volume(volume), target: "/dst", isReadOnly: false))
        #expect(try VolumeFlag.parse("/dst").request == .anonymousVolume(at: "/dst"))
    }

    @Test func `an owner may have a colon`() throws {
        var bind = BindRequest(source: "./src", createsSource: true)
        bind.owner = "1000:1001"
        #expect(
            try VolumeFlag.parse("./src:/dst:owner=1000:1001,ro").request
                == MountRequest(kind: .bind(bind), target: "/dst", isReadOnly: true))
        let mount = try MountFlag.parse("type=bind,src=/a,dst=/b,bind-owner=auto")
        var other = BindRequest(source: "/a", createsSource: false)
        other.owner = "auto"
        #expect(mount.kind == .bind(other))
        var volume = VolumeRequest(name: "data")
        volume.owner = "ann"
        #expect(try VolumeFlag.parse("data:/d:owner=ann").request.kind == .volume(volume))
        #expect(
            try MountFlag.parse("src=data,dst=/d,volume-owner=ann").kind == .volume(volume))
    }

    @Test func `z asks for a label of SELinux`() throws {
        #expect(try VolumeFlag.parse("/a:/b:z").wantsRelabelling)
        #expect(try !VolumeFlag.parse("/a:/b").wantsRelabelling)
    }

    @Test(arguments: [
        ("a:b:c:d", "invalid volume specification: 'a:b:c:d'"),
        (
            "a:/b",
            "volume name is too short, names should be at least two alphanumeric characters"
        ),
        (":/b", "invalid volume specification: ':/b'"),
        ("/a:b", "invalid mount path: 'b' mount path must be absolute"),
        ("/a:/", "invalid specification: destination can't be '/'"),
        ("/a:/b:fast", "invalid mode: fast"),
        ("/a:/b:ro,ro", "invalid mode: ro,ro: 'ro' is there twice"),
        ("/a:/b:owner=", "invalid owner: ''"), ("/a:/b:owner=1:2:3", "invalid owner: '1:2:3'"),
        ("data:/b:O", "'O' is for paths, and data is a volume's name"),
        ("/a:/b:O,rslave", "'O' does not go with a propagation"),
        ("/a:/b:U", "'U' would change the owners of files on the host"),
        ("/a:/b:nocopy", "'nocopy' is for volumes, and /a is a path"),
        (
            "a b:/b",
            "\"a b\" includes invalid characters for a local volume name, only "
                + "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed"
        ),
    ])
    func `refusals say what is wrong`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try VolumeFlag.parse(text) } == why)
    }
}

@Suite struct MountFlagTests {
    @Test func `a bind mount with everything`() throws {
        let mount = try MountFlag.parse(
            "type=bind,src=/a,dst=/b,ro,bind-propagation=rprivate,bind-recursive=readonly")
        var bind = BindRequest(source: "/a", createsSource: false)
        bind.propagation = "rprivate"
        bind.recursion = .readonly
        #expect(mount == MountRequest(kind: .bind(bind), target: "/b", isReadOnly: true))
    }

    @Test func `a tmpfs with size and mode`() throws {
        var tmpfs = TmpfsRequest()
        tmpfs.sizeInBytes = 65536
        tmpfs.mode = 0o700
        #expect(
            try MountFlag.parse("type=tmpfs,target=/t,tmpfs-size=64k,tmpfs-mode=700")
                == MountRequest(kind: .tmpfs(tmpfs), target: "/t", isReadOnly: false))
    }

    @Test func `a volume with everything`() throws {
        var volume = VolumeRequest(name: "data")
        volume.isCopiedUp = false
        volume.subpath = "a/b"
        volume.driver = "local"
        volume.labels = ["k": "v", "bare": ""]
        volume.options = ["type": "tmpfs", "device": "tmpfs", "o": "size=1m,uid=1"]
        #expect(
            try MountFlag.parse(
                "src=data,dst=/d,volume-nocopy,volume-subpath=a/b,volume-driver=local,"
                    + "volume-label=k=v,volume-label=bare,volume-opt=type=tmpfs,"
                    + "volume-opt=device=tmpfs,\"volume-opt=o=size=1m,uid=1\"")
                == MountRequest(kind: .volume(volume), target: "/d", isReadOnly: false))
    }

    @Test func `an image is read-only`() throws {
        var image = ImageMountRequest(image: "busybox:1")
        image.subpath = "etc"
        #expect(
            try MountFlag.parse("type=image,source=busybox:1,target=/i,image-subpath=etc")
                == MountRequest(kind: .image(image), target: "/i", isReadOnly: true))
    }

    @Test func `quotes protect commas`() throws {
        let mount = try MountFlag.parse("type=bind,\"source=/a,b\",target=/c")
        #expect(
            mount.kind == .bind(BindRequest(source: "/a,b", createsSource: false)))
    }

    @Test(arguments: [
        ("type=bind,src=/a", "target is required"),
        ("type=bind,target=/a", "invalid mount config for type \"bind\": field Source is empty"),
        ("type=bind,src,target=/a", "invalid field 'src' must be a key=value pair"),
        ("type=bind,src=/a,target=/b,x=y", "unexpected key 'x' in 'x=y'"),
        ("type=bind,src=/a,target=/b,ro=maybe", "invalid value for ro: maybe"),
        (
            "type=bind,src=/a,target=/b,tmpfs-size=1m",
            "cannot mix 'tmpfs-*' options with mount type 'bind'"
        ),
        (
            "type=tmpfs,src=/a,target=/b",
            "invalid mount config for type \"tmpfs\": field Source must not be specified"
        ),
        ("type=image,target=/b", "invalid mount config for type \"image\": field Source is empty"),
        ("src=data,target=/b,volume-subpath=../x", "invalid value for volume-subpath: ../x"),
        ("src=data,target=/b,volume-subpath=/x", "invalid value for volume-subpath: /x"),
        (
            "type=bind,src=/a,target=/b,volume-subpath=x",
            "cannot mix 'volume-*' options with mount type 'bind'"
        ),
        ("type=npipe,target=/b", "this version of Kade does not mount type 'npipe'"),
        ("type=tmpfs,target=b", "invalid mount path: 'b' mount path must be absolute"),
        ("type=tmpfs,target=/b,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
    ])
    func `refusals have Docker's words`(text: String, why: String) {
        #expect(refusal { () throws(InvalidValue) in try MountFlag.parse(text) } == why)
    }
}

@Suite struct TmpfsFlagTests {
    @Test func `options go to their places`() throws {
        var tmpfs = TmpfsRequest()
        tmpfs.sizeInBytes = 1 << 20
        tmpfs.mode = 0o755
        tmpfs.options = ["exec", "uid=1"]
        #expect(
            try TmpfsFlag.parse("/run:ro,size=1m,mode=755,exec,uid=1")
                == MountRequest(kind: .tmpfs(tmpfs), target: "/run", isReadOnly: true))
    }

    @Test func `unknown options are refused`() {
        #expect(
            refusal { () throws(InvalidValue) in try TmpfsFlag.parse("/run:fast") }
                == "invalid tmpfs option [\"fast\"]")
    }
}
