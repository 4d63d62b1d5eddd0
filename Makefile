# SPDX-License-Identifier: MIT
# The course on TCP servers: six steps, two clients, their tests. `make help` tells the targets.
#
# CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are yours; what the programs need stands in REQUIRED.
# Everything that is made is made in build/, or in build/VARIANT/.

STEPS := 01-sync-echo 02-loop-echo 03-fork-echo 04-select-echo 05-epoll-counter 06-parallel
CLIENTS := say swarm

# What only the command line says: an environment may have these names for something else. And what would let the shells
# and the compilers below fail, whoever has set it.
$(foreach v,STEP SERVER LIST TEST SEED PROTOCOL DIR FILE QUICK VARIANT BUILD RESULTS,$(if $(filter environment,$(origin $v)),$(eval $v :=)))
unexport BASH_ENV ENV CDPATH SHELLOPTS BASHOPTS POSIXLY_CORRECT GREP_OPTIONS $(filter BASH_FUNC_%,$(.VARIABLES))
ifneq ($(TMPDIR),)
export TMPDIR := $(shell probe=$$(mktemp "$$TMPDIR/probe.XXXXXX" 2>/dev/null) && rm "$$probe" && echo "$$TMPDIR" || echo /tmp)
endif
SHELL := /bin/sh

ifeq ($(origin CC),undefined)
# make -R has none.
CC := cc
endif
CFLAGS ?= -O2 -g
REQUIRED := -std=gnu11 -pthread -Wall -Wextra

# A variant is the same programs compiled another way: make test VARIANT=asan
VARIANT ?=
SANITIZE_asan := -fsanitize=address -fno-omit-frame-pointer
SANITIZE_ubsan := -fsanitize=undefined -fno-sanitize-recover=all
SANITIZE_tsan := -fsanitize=thread
SANITIZE_asan-ubsan := $(SANITIZE_asan) $(SANITIZE_ubsan)
VARIANTS := asan ubsan tsan asan-ubsan
ifneq ($(VARIANT),)
ifeq ($(filter $(VARIANT),$(VARIANTS)),)
$(error there is no VARIANT $(VARIANT), only $(VARIANTS))
endif
REQUIRED += $(SANITIZE_$(VARIANT))
endif
OUT := build$(if $(VARIANT),/$(VARIANT))
# Where the programs without a VARIANT are: make OUT=/tmp/x leaves the sources as they are.
PLAIN_OUT := $(if $(filter command,$(origin OUT)),$(OUT),build)

PROGRAMS := $(STEPS) $(CLIENTS) rude odd
DIFFS := $(foreach n,1 2 3 4 5 6,diff-0$n diff-$n)
# How many lines of a file may be changed against the step before; see `make ladder`.
BUDGETS := 02/main.c=85 03/main.c=140 05/client.c=15 05/client.h=8 06/client.c=18 06/client.h=8 06/worker.c=235
# How many lines those files of 06 may have in all that are to be read first.
CORE := 06/main.c+worker.c+worker.h+client.c+client.h+echo.c=520
SOURCES_rude := tests/rude.c
SOURCES_odd := tests/odd.c
SOURCES_bench/million := bench/million.c
SOURCES_grade := $(wildcard tests/grade/*.c)
$(foreach s,$(STEPS),$(eval SOURCES_$(s) := $(wildcard $(s)/*.c)))
SOURCES_say := clients/say.c clients/connecting.c
SOURCES_swarm := clients/swarm.c clients/connecting.c clients/process.c clients/timeline.c
COMMON := $(wildcard common/*.c)
COMPILE := $(CC) $(REQUIRED) $(CPPFLAGS) $(CFLAGS)

.DELETE_ON_ERROR:
.PHONY: all tools check test test-all torture check-broken coverage fuzz demo clean help format format-check check-tutorial \
  accept-tutorial stuck ladder bench accept-bench million bench/million grade grader class check-grade $(PROGRAMS) $(VARIANTS) $(DIFFS)

all: $(PROGRAMS) ## the six steps and two clients, in build/ (the default)

# What a target calls and may be missing; it comes first in the target's line, before anything is made.
need-%:
	@sh tests/needs.sh "$(firstword $(MAKECMDGOALS))" $*

define program
$(1): $(OUT)/$(1)
$(call linked,$(1))
endef
define linked
$(OUT)/$(1): $(patsubst %.c,$(OUT)/objects/%.o,$(SOURCES_$(1)) $(COMMON))
	@mkdir -p $$(@D)
	$$(CC) $$(REQUIRED) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS) bench/million,$(eval $(call program,$(p))))
$(eval $(call linked,grade)) # `make grade` is something else

# stamp COMMAND FLAGS: keeps, beside what is made, how it was compiled and for what: the compiler's own macros tell its
# version, the machine and the C library. So other flags, or another system, mean another compilation.
define stamp
@mkdir -p $(@D)
@command -v $(firstword $(1)) >/dev/null || \
  { echo "make: there is no compiler '$(firstword $(1))': sh setup.sh installs gcc; CC names another" >&2; exit 1; }
@macros=$$($(1) -E -dM -include limits.h -x c /dev/null) && \
  now=$$(printf '%s\n' '$(subst ','\'',$(1) $(2))' && echo "$$macros" | cksum) && \
  { printf '%s\n' "$$now" | cmp -s - $@ || printf '%s\n' "$$now" >$@; }
endef

$(OUT)/objects/%.o: %.c $(OUT)/command
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(OUT)/command: force
	$(call stamp,$(COMPILE),$(LDFLAGS) $(LDLIBS))
.PHONY: force

-include $(shell find $(OUT)/objects -name '*.d' 2>/dev/null)

# What tests the servers' failures is compiled without the VARIANT. See tests/torture/README.md.
TOOLS := $(PLAIN_OUT)/tools
PLAIN := $(CC) -std=gnu11 -pthread -Wall -Wextra $(CPPFLAGS) $(CFLAGS)
TORTURE := $(filter-out %/shim.c %/fuzz.c,$(wildcard tests/torture/*.c)) $(COMMON)

$(TOOLS)/command: force
	$(call stamp,$(PLAIN),$(LDFLAGS) $(LDLIBS))

$(TOOLS)/torture: $(TORTURE) $(wildcard tests/torture/*.h common/*.h) $(TOOLS)/command
	$(PLAIN) $(LDFLAGS) -o $@ $(TORTURE) $(LDLIBS)

$(TOOLS)/shim.so: tests/torture/shim.c tests/torture/torture.h $(TOOLS)/command
	$(PLAIN) -shared -fPIC $(LDFLAGS) -o $@ $< -ldl $(LDLIBS)

FUZZ_SECONDS ?= 30
# The counter's protocol as a function: replay tries the files of corpus/, fuzz looks for new ones.
FUZZED := tests/torture/fuzz.c $(wildcard 05-epoll-counter/counter.[ch] 06-parallel/*.[ch])
$(TOOLS)/replay-%: $(FUZZED) $(TOOLS)/command
	$(PLAIN) -DREPLAY -DCOUNTER=$* $(LDFLAGS) -o $@ $< $(LDLIBS)
FUZZ := clang -std=gnu11 -Wall -Wextra -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
$(TOOLS)/fuzz-%: $(FUZZED) $(TOOLS)/command-fuzz
	$(FUZZ) -DCOUNTER=$* -o $@ $<

$(TOOLS)/command-fuzz: force
	$(call stamp,$(FUZZ))

tools: $(TOOLS)/torture $(TOOLS)/shim.so $(TOOLS)/replay-5 $(TOOLS)/replay-6 $(OUT)/bench/million

demo: ## show all six at work: who is served when
	@$(MAKE) --no-print-directory -s $(CORES) all VARIANT=
	@sh clients/demo.sh '$(PLAIN_OUT)'

bench: ## measure the servers beside their peers; QUICK=1: faster
	@$(MAKE) --no-print-directory -s all VARIANT=
	@BUILD='$(PLAIN_OUT)' sh bench/bench.sh $(if $(QUICK),quick)

accept-bench: ## put what make bench measured into bench/RESULTS.md
	@sh bench/accept.sh

# Compiled on all cores, unless who calls make has said on how many.
CORES = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))
define run_tests
@$(MAKE) --no-print-directory -s $(CORES) all tools $(if $(STEP)$(VARIANT),,grader)
@$(1) sh tests/run.sh '$(OUT)' '$(subst ','\'',$(STEP))'
endef

ifeq ($(SERVER),)
test: need-bats ## test our six servers, in two minutes; STEP=03: only one
	$(call run_tests)
else
test: grade
endif

quoted = '$(subst ','\'',$(1))'
GRADE = sh tests/grade/grade $(if $(STEP),--step $(call quoted,$(STEP))) $(if $(PROTOCOL),--protocol $(call quoted,$(PROTOCOL))) \
  $(if $(SEED),--seed $(call quoted,$(SEED)))

grade: ## grade a server of yours: STEP=03 SERVER=build/mine; LIST=1: tests
	@$(GRADE) $(if $(TEST),--only $(call quoted,$(TEST))) $(if $(LIST),--list,$(if $(SERVER),$(call quoted,$(SERVER))))

class: ## many servers: make class STEP=03 LIST=class.txt
	@$(GRADE) $(if $(TEST),--only $(call quoted,$(TEST))) $(if $(DIR),--out $(call quoted,$(DIR))) --class $(call quoted,$(LIST))

grader: $(STEPS) $(OUT)/grade

check-grade: grader ## does the grader judge right and wrong servers rightly?
	@bash tests/grade/check.sh

test-all: need-bats ## as make test, with ten times as many repetitions
	$(call run_tests,TEST_ALL=yes)

check: need-bats test ## as make test

check-tutorial: need-bats all ## run every command of TUTORIAL.md, compare every output
	@sh tests/run.sh "$(OUT)" tutorial

accept-tutorial: all ## write into TUTORIAL.md what its commands print now
	@bash tests/transcript.bash --accept TUTORIAL.md

$(DIFFS): diff-%: need-diff
	@sh tests/steps.sh diff $*

stuck: need-diff ## your file against ours: STEP=03 FILE=mine/main.c
	@sh tests/steps.sh stuck '$(subst ','\'',$(STEP))' '$(subst ','\'',$(FILE))'

ladder: need-diff ## how long the steps are, and how many lines each changes
	@sh tests/steps.sh ladder $(BUDGETS) $(CORE)

torture: all tools ## let every call of every server fail in every way
	@sh tests/torture/run.sh "$(TOOLS)"

check-broken: need-patch need-bats all tools ## plant the bugs of tests/broken/: does a test see each?
	@bash tests/broken/check.sh

# Compiled by gcc so that every line counts how often it is executed: tests/coverage/counters.c.
# -fno-builtin-fork: or gcc would set the counts to 0 in a child.
COVERAGE := build/coverage
COUNTED := -O0 -g --coverage -fprofile-update=atomic -fdata-sections -fno-builtin-fork
COUNTERS := $(COVERAGE)/counters.o -Wl,-T,tests/coverage/counters.ld -Wl,--wrap=__gcov_exit

$(COVERAGE)/command-counters: force
	$(call stamp,gcc)

$(COVERAGE)/counters.o: tests/coverage/counters.c tests/coverage/counters.ld $(COVERAGE)/command-counters
	@rm -f $(STEPS:%=$(COVERAGE)/%)
	gcc -std=gnu11 -Wall -Wextra -g -c -o $@ $<

coverage: need-gcc need-gcov need-bats tools $(COVERAGE)/counters.o ## which lines and branches of the six steps nothing tests
	@$(MAKE) --no-print-directory -s all VARIANT=
	@$(MAKE) --no-print-directory -s $(STEPS) VARIANT= OUT=$(COVERAGE) CC=gcc CFLAGS="$(COUNTED)" LDLIBS="$(COUNTERS)"
	@sh tests/coverage/run.sh $(COVERAGE) $(TOOLS)

fuzz: need-clang need-libfuzzer $(TOOLS)/fuzz-5 $(TOOLS)/fuzz-6 ## look for lines the counter answers wrongly (FUZZ_SECONDS)
	@mkdir -p build/fuzz
	for step in 5 6; do \
	  $(TOOLS)/fuzz-$$step -max_total_time=$(FUZZ_SECONDS) -max_len=500 -artifact_prefix=build/fuzz/ \
	    -verbosity=1 build/fuzz tests/torture/corpus || exit 1; \
	done

million: 06-parallel $(OUT)/bench/million ## as many clients at once as the machine holds
	@$(OUT)/bench/million

asan ubsan tsan asan-ubsan: ## with a sanitizer, in build/asan/ and so on
	@$(MAKE) --no-print-directory all VARIANT=$@

FORMATTED := $(wildcard */*.[ch] tests/*/*.[ch] bench/*/*.[ch])
format: need-clang-format ## lay the sources out as .clang-format says
	clang-format -i $(FORMATTED)

format-check: need-clang-format
	clang-format --dry-run --Werror $(FORMATTED)
	@LC_ALL=C awk 'length > 100 { print FILENAME ":" FNR ": longer than 100 columns"; wrong = 1 } END { exit wrong }' $(FORMATTED)

clean: ## remove build/
	rm -rf build
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL: # make -j clean all: one after the other
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '  make %-15s %s\n' 'NN-name' 'one step, as in: make 03-fork-echo' \
	  'diff-NN' 'step NN against the one before it, as in: make diff-03'
