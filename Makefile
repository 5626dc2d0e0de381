# Kade's words: build, run, test, integration, lint, format, bench, install. CI runs the same.

CONFIGURATION ?= release
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
BIN = .build/$(CONFIGURATION)
# Tests reach what a module keeps to itself, in the same optimised code that users run.
TESTING = -c $(CONFIGURATION) -Xswiftc -enable-testing
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

BUILD_PACKAGES = libbz2-dev libcrypt-dev libisal-dev liblzma-dev libsqlite3-dev libzstd-dev
TEST_PACKAGES = bash-completion busybox-static chromium-headless-shell containerd \
	containernetworking-plugins cpio crun docker.io docker-registry e2fsprogs fish git iproute2 jq \
	libseccomp-dev mmdebstrap nftables passt podman python3 qemu-system-x86 runc skopeo strace \
	tcpdump uidmap util-linux zsh zstd
BENCH_PACKAGES = gcc hyperfine iperf3 jq libc6-dev

.PHONY: build run test unit fuzz integration integration-user test-v2 lint format bench install clean \
	deps deps-test deps-bench check-swift check-root

build: deps
	$(SWIFT) build -c $(CONFIGURATION)

run: check-root build
	$(SUDO) $(BIN)/kade run --rm --explain host

test: check-root deps-test
	$(SWIFT) build $(TESTING) --build-tests
	$(MAKE) --no-print-directory lint unit integration integration-user test-v2

unit:
	$(SWIFT) test $(TESTING) --skip-build --skip '^Integration\.'

# Damaged inputs of the runtime for ROUNDS times as long as in unit, some seconds each; then what
# libFuzzer finds in FUZZ_SECONDS for each kind of input.
ROUNDS ?= 100
FUZZ_SECONDS ?= 60
fuzz:
	$(SWIFT) build $(TESTING) --build-tests
	KADE_FUZZ_ROUNDS=$(ROUNDS) $(SWIFT) test $(TESTING) --skip-build --filter FuzzTests
	Tests/LibFuzzer/run $(FUZZ_SECONDS)

integration: check-root
	$(SUDO) env KADE_TEST_PROGRAMS=$(CURDIR)/$(BIN) PATH="$$PATH" \
		$(SWIFT) test $(TESTING) --skip-build --filter '^Integration\.'

# Suites that run once more with every `kade` of theirs an ordinary user's. What a user cannot have is
# marked in them (Fixtures/RootOnly.swift). Of the suites that drive `kade`, these stay root's:
#   Bridge, CNI, CNIRefusal, DatagramPort, ExplainNetwork, Leak, Name: bridges, rules and resolv.conf of
#     the machine; a user's networks are RootlessNetworkTests' and PastaTests'
#   UserNamespace, ExplainShell: RootlessUserNamespaceTests and ExplainShellUserTests are the user's,
#     and these, Rootless… and Pasta make a user of their own in root's run
#   FullDisk, StorageOption, Journal, LazyStart, ErofsImage: mounts, quotas, sockets and fanotify of root
#   BuildComparison, Tour: what they compare with, or tell of, is root's
#   Pull, PullFault, PullMemory, PullNetwork, HostsFile, ForeignLayer, RegistriesConfigurationFile: they
#     drive kade-server, which `kade` starts inside of a user's namespace
#   Crowd, KilledAtEveryCall, ManyContainers: minutes of what the others do, or calls that are counted
USER_SUITES = AllTags Artifact AttestationCommand BakeCommand BlobAPI BuildCache BuildCommand \
	BuildContext BuildFlag BuildIndex BuildMediaType BuildOutput BuildPlan BuildSSH Cleanup Clone \
	Commit Completion Conversion CopyCommand DockerConfiguration EventsCommand Exec ExitCode Explain \
	ExplainSteps FileTime GarbageRace Health HostImage ImageCommand ImageGroup InterfaceDevice \
	KilledBuild KilledImport KilledMonitor LimitFlag List LiveSteps LogDriver Login Logs ManifestAPI \
	ManifestList Map MapDrawing MissingFile MonitorMemory MountFlag NamespaceFlag NetworkCommand \
	NetworkReload NetworkUpdate OwnerFlag Plan PodmanFile PodmanFlag PortUpdate PowerCut ProcessFlag \
	PropagationFlag Push PushFault RegistryFault RegistryPeer RegistryRemoval RegistryToken \
	RelativeRoot Removal SavedImage Search Secret SecurityFlag SelectedContainer ServiceManager \
	SigstoreTrust Smoke Snapshotter SourcePolicyBuild StandardInput State Stats Stream System \
	SystemCheck SystemPrune Terminal TransferFlag Transport Trust UpdateCommand Upgrade \
	VolumeCommand VolumeFilling VolumeUse Wait Why WhyStart
EMPTY =
SPACE = $(EMPTY) $(EMPTY)
integration-user: check-root
	$(SUDO) env KADE_TEST_AS=user KADE_TEST_PROGRAMS=$(CURDIR)/$(BIN) PATH="$$PATH" \
		$(SWIFT) test $(TESTING) --skip-build --filter '^Integration\.($(subst $(SPACE),|,$(strip $(USER_SUITES))))Tests'

test-v2: check-root
	$(SUDO) Tests/Guest/run $(BIN)

lint:
	Scripts/lint $(wildcard $(BIN)/kade-runtime)

format:
	$(SWIFT) format format --in-place --recursive Package.swift Sources Tests

bench: check-root deps-bench build
	$(SUDO) Benchmarks/run $(BIN)

install: build
	Scripts/install $(BIN) "$(PREFIX)" "$(DESTDIR)"

clean:
	$(SWIFT) package clean

deps: check-swift
	Scripts/packages $(BUILD_PACKAGES)

deps-test: deps
	Scripts/packages $(TEST_PACKAGES)

deps-bench: deps-test
	Scripts/packages $(BENCH_PACKAGES)

check-swift:
	@Scripts/check-swift $(SWIFT)

check-root:
	@[ "$$(id -u)" = 0 ] || command -v sudo >/dev/null || \
		{ echo "this needs root: run it as root, or install sudo" >&2; exit 1; }
