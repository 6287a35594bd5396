# poolmap's targets. `make` alone lists them.

SWIFT ?= swift
PREFIX ?= /usr/local
# Debian's zsh looks for package completions elsewhere.
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
# A directory for links from zstd's names to the command; none are made if it is empty.
ZSTD_LINKS ?=
INPUT ?=
BENCH ?=
TARGETS ?=
SECONDS ?= 3600

# One file that depends on nothing else, and starts fast: a fully static executable takes 1.45 times as long to start as
# the zstd tool, one with only the Swift runtime static 2.35 times. lld, which comes with Swift, because Debian's ld
# repeats glibc's notes on getgrnam_r and the like for each static program; lld still shows errors. Paths
# of sources begin with a dot in place of this directory, so that the same bytes come out wherever it is built.
# The last two lines make it small: public symbols that nothing uses can be removed, function by function.
RELEASE = --configuration release --scratch-path .build-release --static-swift-stdlib \
	-Xswiftc -static-executable -Xswiftc -use-ld=lld \
	-Xswiftc -file-prefix-map -Xswiftc "$(CURDIR)=." -Xcc "-ffile-prefix-map=$(CURDIR)=." \
	-Xcc -DPOOLMAP_STATIC -Xlinker -T -Xlinker "$(CURDIR)/scripts/release.ld" -Xlinker --no-eh-frame-hdr \
	-Xswiftc -Xfrontend -Xswiftc -internalize-at-link -Xswiftc -Xfrontend -Xswiftc -function-sections
BINARY = .build-release/release/poolmap

# The tests find the command by this variable.
export SWIFT
export POOLMAP = $(CURDIR)/$(BINARY)

MANUAL_PAGES = $(notdir $(wildcard docs/man/*.1))
# Where install puts its files.
PROGRAM = $(DESTDIR)$(PREFIX)/bin/poolmap
MANUAL = $(DESTDIR)$(PREFIX)/share/man/man1
BASH_COMPLETION = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/poolmap
ZSH_COMPLETION = $(DESTDIR)$(ZSH_COMPLETIONS)/_poolmap
zstd-links = $(if $(ZSTD_LINKS),scripts/zstd-links.sh $(1) "$(PREFIX)/bin/poolmap" "$(DESTDIR)$(ZSTD_LINKS)")
FISH_COMPLETION = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/poolmap.fish

.PHONY: help build run test fuzz tsan interop lint format bench bench-command bench-library docs manual figures install uninstall deb \
	rpm dist check-dist clean deps test-deps package-deps python-tools interop-deps bench-deps

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

build: deps ## build poolmap for release, in .build-release
	$(SWIFT) build --product poolmap $(RELEASE)

$(BINARY):
	$(MAKE) build

run: build ## compress, check and restore a real file: INPUT=FILE, or one from fixtures/
	@scripts/run.sh $(BINARY) "$(INPUT)"

test: test-deps python-tools build ## run all tests: units, the command line, the files of fixtures/
	scripts/unit-tests.sh
	scripts/check-blake3.sh
	scripts/fuzz.sh 10
	bash Tests/cli/run.sh --poolmap $(BINARY)
	scripts/zstd-habits.py $(BINARY)
	scripts/check-manual.sh $(BINARY)
	scripts/check-deb.sh $(BINARY)
	scripts/check-rpm.sh $(BINARY)
	scripts/check-dist.sh $(BINARY)
	fixtures/check.sh $(BINARY)
	Examples/Server/test.sh
	scripts/docs.sh
	scripts/snippets.py

fuzz: deps ## fuzz the parsers of untrusted bytes: TARGETS="frames lists", SECONDS=3600 each, SEED=N
	SEED=$(SEED) scripts/fuzz.sh --keep $(SECONDS) $(TARGETS)

tsan: deps ## run the thread sanitizer over multi-threaded programs that use pools
	scripts/tsan.sh

interop: interop-deps build ## test readers in other languages, which need their own compilers
	scripts/interop.sh $(BINARY)

lint: test-deps ## check the house rules that a program can check
	$(SWIFT) format lint --strict --recursive Sources Tests Examples Benchmarks/Library Package.swift
	scripts/lint.sh

format: ## format the Swift sources
	$(SWIFT) format --in-place --recursive Sources Tests Examples Benchmarks/Library Package.swift

bench: bench-command bench-library ## measure against zstd, pzstd and CPython, 10 to 20 minutes; BENCH=--quick for 2

bench-command: bench-deps build ## the command's part of bench; BENCH=--help for more
	$(SWIFT) build --product library-bench $(RELEASE)
	Benchmarks/bench.py $(BENCH)

bench-library: bench-deps ## the library's part of bench; BENCH=--help for more
	$(SWIFT) build --product library-bench $(RELEASE)
	Benchmarks/library.py $(BENCH)

docs: ## build the libraries' documentation in .build-docs; checks every link and every public symbol
	@scripts/need.sh 'python3-yaml=python3 -c "import yaml"'
	scripts/docs.sh

manual: test-deps build ## make the manual pages in docs/man from the command's help and docs/man/*.in
	scripts/manual.py $(BINARY)

figures: ## copy the newest runs of Benchmarks/runs into Benchmarks/README.md and README.md
	scripts/figures.py

# The binary is built only if there is none, so that `make build && sudo make install` needs no Swift as root.
install: $(BINARY) ## install the command, manual pages and shell completions: PREFIX=/usr/local, DESTDIR=, ZSTD_LINKS=
	$(call zstd-links,lay)
	install -D -s -m 755 $(BINARY) "$(PROGRAM)"
	install -d "$(MANUAL)"
	install -m 644 docs/man/*.1 "$(MANUAL)"
	install -D -m 644 /dev/null "$(BASH_COMPLETION)"
	install -D -m 644 /dev/null "$(ZSH_COMPLETION)"
	install -D -m 644 /dev/null "$(FISH_COMPLETION)"
	$(BINARY) --generate-completion-script bash > "$(BASH_COMPLETION)"
	$(BINARY) --generate-completion-script zsh > "$(ZSH_COMPLETION)"
	$(BINARY) --generate-completion-script fish > "$(FISH_COMPLETION)"

uninstall: ## remove what install has installed
	$(call zstd-links,remove)
	rm -f "$(PROGRAM)" $(MANUAL_PAGES:%="$(MANUAL)/%") "$(BASH_COMPLETION)" "$(ZSH_COMPLETION)" "$(FISH_COMPLETION)"

deb: package-deps build ## make a Debian package in .build-release
	scripts/deb.sh $(BINARY) .build-release

rpm: package-deps build ## make an RPM package
	scripts/rpm.sh $(BINARY) .build-release

dist: package-deps build ## make a tarball for any Linux, and its checksum
	scripts/dist.sh $(BINARY) .build-release

check-dist: package-deps build ## build this commit again in another directory, and compare all packages; takes minutes
	scripts/check-reproducible.sh $(BINARY)

clean: ## remove all build results
	rm -rf .build .build-docs .build-release .build-fuzz .build-server .build-tsan

# Each word is a Debian package and a command that checks for it. Silent if none is missing.
deps:
	@command -v $(SWIFT) > /dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install" >&2; exit 1; }
	@scripts/need.sh 'git=command -v git' 'g++=command -v g++' 'pkg-config=command -v pkg-config' \
		'libzstd-dev=pkg-config --exists libzstd' 'libssl-dev=pkg-config --exists libcrypto'

package-deps: deps
	@scripts/need.sh 'binutils=command -v strip' 'rpm=command -v rpmbuild'

test-deps: package-deps
	@scripts/need.sh 'lintian=command -v lintian' 'zstd=command -v zstd && command -v pzstd' 'bsdutils=command -v script' 'mount=command -v losetup' \
		'procps=command -v ps' 'curl=command -v curl' 'python3=command -v python3' 'python3-yaml=python3 -c "import yaml"' 'man-db=command -v man' 'mandoc=command -v mandoc' \
		'zsh=command -v zsh' 'fish=command -v fish' 'strace=command -v strace' \
		'b3sum=command -v b3sum' 'fsverity=command -v fsverity' 'python3-venv=python3 -c "import ensurepip, venv"' \
		'openssl=command -v openssl' 'bindfs=command -v bindfs' 'e2fsprogs=command -v chattr' \
		'exfat-fuse=PATH=$$PATH:/sbin command -v mount.exfat-fuse' \
		'exfatprogs=PATH=$$PATH:/sbin command -v mkfs.exfat' 'dosfstools=PATH=$$PATH:/sbin command -v mkfs.vfat' \
		'libarchive-tools=command -v bsdtar' 'binutils=command -v ar' 'file=command -v file' 'xz-utils=command -v xz' \
		'chromium=command -v chromium' 'slurm-client=command -v sbatch' 'slurmctld=PATH=$$PATH:/usr/sbin command -v slurmctld' \
		'slurmd=PATH=$$PATH:/usr/sbin command -v slurmd' 'munge=PATH=$$PATH:/usr/sbin command -v munged'

python-tools: test-deps
	@scripts/python-tools.sh

interop-deps: deps
	@scripts/need.sh 'golang-go=command -v go' \
		'golang-github-klauspost-compress-dev=test -d /usr/share/gocode/src/github.com/klauspost/compress'

bench-deps: deps
	@scripts/need.sh 'zstd=command -v zstd && command -v pzstd' 'python3=command -v python3' \
		'xz-utils=command -v xz' 'b3sum=command -v b3sum' 'openssl=command -v openssl' \
		'parallel=command -v parallel' 'mawk=command -v mawk' \
		'linux-source-6.1=test -e /usr/src/linux-source-6.1.tar.xz'
