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

# Suites of `run`, the life of containers, images, builds, volumes, networks and registries once more,
# with every `kade` of theirs an ordinary user's. What a user cannot have is marked in them
# (Fixtures/RootOnly.swift).
USER_SUITES = AllTags Artifact AttestationCommand BakeCommand BuildCache BuildCommand \
	BuildContext BuildFlag BuildIndex BuildMediaType BuildOutput BuildPlan BuildSSH \
	Cleanup Clone Commit CopyCommand EventsCommand Exec ExitCode ExplainSteps FileTime \
	Health HostImage ImageCommand ImageGroup KilledBuild KilledMonitor LimitFlag List \
	LogDriver Logs ManifestList MountFlag NamespaceFlag NetworkCommand NetworkReload \
	NetworkUpdate OwnerFlag Plan PodmanFile PodmanFlag PortUpdate ProcessFlag \
	PropagationFlag Push PushFault Removal Search Secret SecurityFlag SelectedContainer \
	ServiceManager Smoke SourcePolicyBuild StandardInput State Stats Stream System \
	SystemCheck SystemPrune Terminal TransferFlag UpdateCommand VolumeCommand \
	VolumeFilling VolumeUse Wait Why WhyStart
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
