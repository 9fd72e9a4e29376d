# osm_workflow: build by PGXS, tests by test/check.sh
#
#   make [PG_CONFIG=...|PGVER=15]   build          make install     install
#   make check                      build and run every suite on throw-away servers (installs tools)
#   make installcheck               the suites against an installed, running server (PGXS)
#   make demo / replay / bench      see README.md  make lint, make format
#   make torture                    200 rounds of kill -9 under load, then an audit
#
# WERROR=1 turns warnings into errors; with_llvm=no leaves out the bitcode (needs no clang).
# Building in another folder works: make -f /path/to/Makefile VPATH=/path/to
#
# Hazard that shaped this file: PGXS defines "check" itself and needs pg_config when it is read,
# and "make check" has to work on a machine that has neither. So these goals never include PGXS.

OWN_GOALS := check demo replay bench torture lint format

ifneq (,$(filter $(OWN_GOALS),$(MAKECMDGOALS)))

ifneq (,$(filter-out $(OWN_GOALS),$(MAKECMDGOALS)))
$(error run "make $(filter $(OWN_GOALS),$(MAKECMDGOALS))" on its own: it builds what it needs)
endif

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
export PG_CONFIG PGVER

.PHONY: $(OWN_GOALS)
check:
	@$(TOP)/test/check.sh
replay:
	@$(TOP)/test/check.sh replay-full
bench:
	@$(TOP)/test/check.sh bench
torture:
	@$(TOP)/test/check.sh torture
demo:
	@$(TOP)/demo/run.sh
lint:
	@$(TOP)/test/check.sh tree
format:
	clang-format -i $(wildcard $(TOP)/src/*.[ch] $(TOP)/src/core/*.[ch] $(TOP)/test/unit/*.[ch])

else

SRC := $(or $(VPATH),.)
strip_src = $(patsubst $(SRC)/%,%,$(1))

EXTENSION  = osm_workflow
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(SRC)/osm_workflow.control)
SCRIPT     := $(EXTENSION)--$(EXTVERSION).sql

MODULE_big = osm_workflow
PGFILEDESC = "osm_workflow: regulated handling of citizens' messages"
C_FILES   := $(call strip_src,$(sort $(wildcard $(SRC)/src/*.c $(SRC)/src/core/*.c)))
H_FILES   := $(wildcard $(SRC)/src/*.h $(SRC)/src/core/*.h)
OBJS       = $(C_FILES:.c=.o)

# Frozen full scripts of older releases and the hand-written steps between releases.
DATA       = $(call strip_src,\
               $(sort $(wildcard $(SRC)/sql/released/*--*.sql $(SRC)/sql/upgrade/*--*.sql)))
DATA_built = $(SCRIPT)

TESTS_FOR      = $(shell $(SRC)/test/lib/tests-for $(MAJORVERSION) $(SRC)/$(1) $(2))
REGRESS        = $(call TESTS_FOR,sql,.sql)
REGRESS_OPTS   = --launcher=$(abspath $(SRC))/test/lib/own-database
ISOLATION      = $(call TESTS_FOR,test/isolation/specs,.spec)
ISOLATION_OPTS = --inputdir=$(SRC)/test/isolation --launcher=$(abspath $(SRC))/test/lib/own-database
TAP_TESTS      = 1
PROVE_TESTS    = test/tap/*.pl

EXTRA_CLEAN = $(C_FILES:.c=.d) tmp_check

PG_CPPFLAGS = -I$(SRC)/src -I$(SRC)/src/core -DOSM_WORKFLOW_VERSION='"$(EXTVERSION)"'
# Not in PG_CPPFLAGS: clang would write the bitcode's dependencies over the object's.
override PG_CFLAGS += -MMD -MP
ifdef WERROR
override PG_CFLAGS += -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
endif

ifdef PGVER
PG_CONFIG ?= /usr/lib/postgresql/$(PGVER)/bin/pg_config
else
PG_CONFIG ?= pg_config
endif
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(wildcard $(PGXS)))
$(error no server headers behind "$(PG_CONFIG)": install postgresql-server-dev-NN or set PG_CONFIG)
endif
include $(PGXS)

-include $(wildcard $(C_FILES:.c=.d))
$(OBJS): $(SRC)/osm_workflow.control
$(OBJS:.o=.bc): $(H_FILES)

# Phony, because a plain directory target is "found" through VPATH and then never made.
.PHONY: object-folders
object-folders:
	@mkdir -p src/core
$(OBJS) $(OBJS:.o=.bc): | object-folders

# The folders are prerequisites too: a part that is renamed or removed must rebuild the script.
SCRIPT_PARTS := $(wildcard $(SRC)/sql/install/* $(SRC)/sql/tables/*.sql $(SRC)/sql/presets/*.json) \
                $(wildcard $(SRC)/sql/install $(SRC)/sql/tables $(SRC)/sql/presets)
$(SCRIPT): $(SRC)/osm_workflow.control $(SCRIPT_PARTS)
	$(SRC)/sql/install/assemble $(SRC)/sql >$@.tmp
	mv $@.tmp $@

export DESTDIR PG_CONFIG

endif
