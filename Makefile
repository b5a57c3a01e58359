# make          what there is to do, and where you are
# make all      build everything: labs/03-tls-ca/server.c -> build/03-tls-ca/server

CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes \
          -Wmissing-prototypes
override CFLAGS   += -std=c17 -pthread $(WARN)
override CPPFLAGS += -D_GNU_SOURCE -Ilabs/common -MMD -MP
MAKEFLAGS += --no-print-directory --no-builtin-rules

ifneq ($(SUDO_UID),)
ifeq ($(shell id -u),0)
$(error sudo is not needed here, and files owned by root would break your next \
  run: run make without sudo)
endif
endif

# A .c file in labs/NN-name/ is a program, one in labs/common/ is shared by all,
# and one in a directory further down is a part of the lab above it.
LABS     := $(patsubst labs/%/,%,$(wildcard labs/[0-9]*/))
PROGRAMS := $(patsubst labs/%.c,build/%,$(wildcard labs/[0-9]*/*.c))
TOOLS    := $(patsubst scripts/%.c,build/scripts/%,$(wildcard scripts/*.c scripts/exercise/*.c))
COMMON   := $(patsubst labs/%.c,build/%.o,$(wildcard labs/common/*.c))
parts     = $(patsubst labs/%.c,build/%.o,$(wildcard labs/$1/gpio/*.c))

.DEFAULT_GOAL := help

##@ Run
labs:            ## run every demonstration; ends in a table
	@scripts/lab all
lab-%:           ## run one: its packets, its statements, its verdict (make lab-1)
	@scripts/lab demo $*
handout-%:       ## do every step of the handout, and compare (make handout-1)
	@scripts/lab handout $*
verify-%:        ## your programs against strangers: nc, s_server, s_client
	@scripts/lab verify $*
compare:         ## plain against encrypted: the same message in labs 1 and 3
	@scripts/lab compare
compare-%:       ## your capture beside the reference capture
	@scripts/compare $*
diff-%:          ## what the programs of this lab have that the one before has not
	@scripts/diff $*
shell: build/scripts/join  ## a shell in the private network of the labs; a second one joins it
	@scripts/shell
pi:              ## lab 5 on an emulated Raspberry Pi (./scripts/setup --pi)
	@scripts/pi/run
doctor:          ## what is here, what is missing, and what mends it
	@scripts/doctor

##@ Exercises
check-%:         ## grade your solution of a lab's exercise (SRC=folder, FORMAT=tap)
	@scripts/lab check $*
hint-%:          ## the next hint for it; Q=2 opens the second again
	@scripts/hint $*
solution-%:      ## your file beside the solution, and why it is one
	@scripts/solution $*
reset-%:         ## start the exercise anew; your edits are kept aside
	@scripts/reset $*
progress:        ## what you have solved
	@scripts/progress
grade:           ## grade all exercises; ends in a table with points
	@scripts/grade
bench:           ## speed and memory beside strangers' servers: ratios, no verdict
	@scripts/bench/run

##@ Build
all: $(PROGRAMS) $(TOOLS) build/captures/wire  ## build all programs
certs:           ## make the CA, its certificates and the zoo of bad ones
	@ca/make-certs build/ca
zoo: all certs   ## start the zoo: bad servers to try by hand
	@ca/zoo
clean:           ## remove what was built
	$(RM) -r build

##@ Test the kit itself
test:            ## all proofs; the last line is N passed, N failed
	@setpriv --pdeathsig KILL scripts/tests/run
test-%:          ## the proofs of one lab
	@setpriv --pdeathsig KILL scripts/tests/run $*

references:      ## record the reference captures and README's picture anew
	@scripts/references

build/%.o: labs/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

build/common.a: $(COMMON)
	$(AR) rcs $@ $^

# One rule per lab, all alike: its programs, its parts, the common code.
define lab_rule
build/$1/%: build/$1/%.o $(call parts,$1) build/common.a
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ -lssl -lcrypto
endef
$(foreach lab,$(LABS),$(eval $(call lab_rule,$(lab))))

build/captures/wire: captures/wire.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lpcap

build/scripts/%: scripts/%.c build/common.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< build/common.a -lssl -lcrypto

help:
	@scripts/help

.DEFAULT:
	@echo "make: there is no '$@'; make alone lists what there is" >&2; exit 2

.PHONY: all labs bench references compare shell pi doctor progress grade certs zoo clean test help
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard build/*/*.d build/*/*/*.d)
