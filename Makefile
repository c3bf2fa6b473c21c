# One command per question; `make help` lists them.
# Variables: SCALE=quick|small|full  SEEDS=0,1,2  GRID=ptb_figure (configs/grid)  TABLE=imagenet (of plan)  DATA_ROOT=...  JOBS=n
#            ON_FAILURE=continue|stop  RETRIES=k  SKIP_ARCHIVED=1  MAX_SECONDS=n  ARGS="model=vgg11 optimizer.lr=0.01" (Hydra's words)  PYTHON=...
#            of sweep and tune: TASK=cifar|lstm|gan  MODEL=vgg11  OPTIMIZERS=adam,torch.optim.NAdam  GRID="optimizer.lr=1e-3,1e-2 ..." (sweep)
#            BUDGET=20  SAMPLER=quasi_random|tpe|grid  PRUNER=median|hyperband|none  SPACE=file  STORAGE=postgresql://... (tune)

ifeq ($(origin PYTHON), undefined)
PYTHON := .venv/bin/python
ENV := .venv/installed
endif
BASE ?= $(shell command -v python3.11 || command -v python3)

export DATA_ROOT STORE
ifndef DATA_ROOT
unexport DATA_ROOT
endif
ifndef STORE
unexport STORE
endif

WORDS = $(if $(SCALE),scale=$(SCALE)) $(if $(SEEDS),seeds=$(SEEDS)) $(if $(JOBS),jobs=$(JOBS)) \
        $(if $(ON_FAILURE),on_failure=$(ON_FAILURE)) $(if $(RETRIES),retries=$(RETRIES)) \
        $(if $(SKIP_ARCHIVED),skip_archived=$(SKIP_ARCHIVED)) $(if $(MAX_SECONDS),max_seconds=$(MAX_SECONDS)) $(ARGS)

.PHONY: help setup test test-optimizers test-gpu test-tuning mutants-optimizers lint reproduce-cifar reproduce-lstm reproduce-gan reproduce-imagenet \
        digits-gan plan profile sweep tune evidence rerun bench-optimizers bench-lstm bench-fid bench-loader bench-tables tables figures status archive wandb-sync clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@sed -n 's/^# \(Variables:.*\)/\n\1/p; s/^#  \{10\}/          /p' $(MAKEFILE_LIST)

setup: $(ENV)  ## make .venv from requirements.lock (5 GB; done by itself when a target needs it)

.venv/installed: requirements.lock
	@$(BASE) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "error: Python 3.11 is needed, $(BASE) is another; name one with BASE=..." >&2; exit 1; }
	@test ! -L .venv || { echo "error: .venv is a link to an environment that make would empty; name it with PYTHON=..." >&2; exit 1; }
	@echo "making .venv from requirements.lock (minutes, 5 GB)"
	@$(BASE) -m venv --clear .venv
	@.venv/bin/pip install -q --disable-pip-version-check -r requirements.lock
	@touch $@

test: $(ENV)  ## run the tests (6 minutes on two quiet cores)
	$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile

test-optimizers: $(ENV)  ## every optimizer in every way of running, the graphs for GPUs too (3 minutes)
	$(PYTHON) -m pytest tests/optimizers -m "thorough or not thorough"

test-gpu: $(ENV)  ## the tests that need a CUDA device (3 minutes on one)
	$(PYTHON) -m pytest -n auto --maxprocesses 8 -m gpu

test-tuning: $(ENV)  ## tuning studies, also in a PostgreSQL server where the Debian package is installed (3 minutes)
	$(PYTHON) -m pytest tests/experiments/studies tests/experiments/tuning -m "thorough or not thorough"

mutants-optimizers: $(ENV)  ## change the optimizers' code in 2,000 places, one by one: which changes no test sees (1 hour)
	OMP_NUM_THREADS=1 $(dir $(PYTHON))mutmut run --max-children 1 $(ARGS)
	$(dir $(PYTHON))mutmut results

lint: $(ENV)  ## ruff and mypy
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy optimizers models data experiments scripts

reproduce-cifar: $(ENV)  ## Fig. 4: three models, nine optimizers; quick on two cores 4 min, full on a GPU days
	@$(call reproduce,cifar)

reproduce-lstm: $(ENV)  ## PTB: LSTMs of three depths, nine optimizers, perplexity; quick on two cores 5 min
	@$(call reproduce,lstm)

reproduce-gan: $(ENV)  ## Fig. 6, Table 3: WGAN, WGAN-GP, SN-GAN, FID, samples; quick on two cores 4 min
	@$(call reproduce,gan)

reproduce-imagenet: $(ENV)  ## Table 2: ResNet18, eight optimizers; quick on two cores 5 min, small (real JPEGs) 0.5 to 2 h, full on a GPU a day a run
	@$(call reproduce,imagenet)

plan: $(ENV)  ## what a grid would take: runs, hours, disk, command:  make plan TABLE=imagenet
	@$(PYTHON) -m experiments.plan table=$(or $(TABLE),$(GRID),cifar) $(WORDS)

profile: $(ENV)  ## the ten costliest operators of a training step:  make profile TASK=cifar SCALE=small MODEL=resnet34
	@KINETO_LOG_LEVEL=99 $(PYTHON) -m experiments.profile grid=$(or $(GRID),$(TASK),cifar) $(if $(MODEL),model=$(MODEL)) $(WORDS)

digits-gan: $(ENV)  ## a WGAN-GP trained on digits until a person can read its samples (4 minutes)
	@$(PYTHON) -m experiments.train setting=wgan-gp data=digits model=dcgan optimizer=adabelief protocol=clean scale=quick \
	  scale.pixels=16 scale.width=0.5 scale.epochs=300 $(ARGS)

ASKED = task=$(or $(TASK),cifar) $(if $(MODEL),model=$(MODEL)) $(if $(OPTIMIZERS),optimizer=$(OPTIMIZERS)) $(WORDS)

sweep: $(ENV)  ## any product of values:  make sweep TASK=cifar MODEL=vgg11 OPTIMIZERS=adam GRID="optimizer.lr=1e-4,1e-3"
	@$(call and_then,experiments.sweep $(ASKED) $(GRID)) $(PYTHON) -m scripts.figures --grid= && exit $$status

tune: $(ENV)  ## equal budgets on held-out data, winners run again with fresh seeds; quick on two cores 5 min
	@$(call and_then,experiments.tune $(ASKED) $(if $(BUDGET),budget=$(BUDGET)) $(if $(SAMPLER),sampler=$(SAMPLER)) \
	  $(if $(PRUNER),pruner=$(PRUNER)) $(if $(SPACE),space=$(SPACE)) $(if $(STORAGE),storage=$(STORAGE))) \
	  $(PYTHON) -m scripts.tables --grid= && $(PYTHON) -m scripts.figures --grid= && exit $$status

# Status 2 means that some runs failed or are not healthy: the tables of the others are made all the same.
and_then = status=0; $(PYTHON) -m $(1) || status=$$?; if [ $$status -ne 0 ] && [ $$status -ne 2 ]; then exit $$status; fi;
define reproduce
export NEXT=$$(mktemp); trap 'rm -f "$$NEXT"' EXIT; \
$(call and_then,experiments.reproduce grid=$(or $(GRID),$(1)) $(WORDS)) \
$(MAKE) --no-print-directory -s -j2 -O tables figures && cat "$$NEXT" && exit $$status
endef

# The queue of `make evidence`: real runs on two cores, in this order, without what is archived.
comma := ,
define queue
nice -n 19 $(PYTHON) -m experiments.reproduce skip_archived=1 jobs=2 $(1) $(ARGS)
endef

evidence: $(ENV)  ## days in the background at nice 19: first epochs at full scale, the small grids, their further seeds
	-$(call queue,grid=first_epochs)
	-$(call queue,grid=first_epochs model=vgg11 seeds=1)
	-$(call queue,grid=first_epochs model=vgg11 optimizer=adam$(comma)adabound seeds=2)
	-$(call queue,grid=lstm_first_epochs)
	-$(call queue,grid=cifar scale=small data=cifar10 model=vgg11 seeds=0$(comma)1$(comma)2)
	-$(call queue,grid=imagenet scale=small)
	-$(call queue,grid=adabelief_eps scale=small model=resnet34)
	-$(call queue,grid=cifar scale=small data=cifar10 model=resnet34)
	-$(call queue,grid=adabelief_eps scale=small model=vgg11 seeds=0$(comma)1$(comma)2)
	-$(call queue,grid=cifar scale=small data=cifar100 model=vgg11)
	-$(call queue,grid=gan scale=small setting=wgan$(comma)wgan-gp)
	-$(call queue,grid=lstm scale=small model=lstm1)
	-$(call queue,grid=cifar scale=small data=cifar10 model=densenet121)
	-$(call queue,grid=gan scale=small setting=sngan)
	-$(call queue,grid=adabelief_eps scale=small model=resnet34 seeds=1$(comma)2)
	-$(call queue,grid=cifar scale=small data=cifar10 model=resnet34$(comma)densenet121 seeds=1$(comma)2)
	-$(call queue,grid=lstm scale=small model=lstm1 optimizer=adabound$(comma)sgd$(comma)msvag seeds=1$(comma)2)
	-$(call queue,grid=gan scale=small setting=wgan$(comma)wgan-gp seeds=1)
	-$(call queue,grid=adam_collapse)

rerun: $(ENV)  ## make a committed record again and compare every epoch:  make rerun RUN=results/archive/.../seed=0
	@$(PYTHON) -m experiments.rerun '$(RUN)' $(ARGS)

bench-optimizers: $(ENV)  ## results/bench: a step of each optimizer beside torch's and other packages' (10 minutes)
	$(PYTHON) -m scripts.benchmarks.optimizers $(ARGS)

bench-lstm: $(ENV)  ## results/bench: a language model's training step beside a plain torch LSTM (5 minutes)
	$(PYTHON) -m scripts.benchmarks.lstm $(ARGS)

bench-fid: $(ENV)  ## results/bench: images a second through the FID's network, and its distance, beside pytorch-fid (5 minutes)
	$(PYTHON) -m scripts.benchmarks.fid $(ARGS)

bench-loader: $(ENV)  ## results/bench: images a second of the loader of image files, beside torchvision's and other packages' (10 minutes)
	$(PYTHON) -m scripts.benchmarks.loader $(ARGS)

bench-tables: $(ENV)  ## results/bench: all tables of 10,000 synthetic runs of 200 epochs, cold and warm (3 minutes)
	$(PYTHON) -m scripts.benchmarks.tables $(ARGS)

tables: $(ENV)  ## results/local/tables: ours beside the public record, from every run at hand
	@$(PYTHON) -m scripts.tables

figures: $(ENV)  ## results/local/figures: accuracy per epoch, likewise
	@$(PYTHON) -m scripts.figures

status: $(ENV)  ## what is done, running, partial, failed and missing, and the time left
	@$(PYTHON) -m scripts.status $(WORDS)

archive: $(ENV)  ## copy finished real-data runs to results/archive and make the committed tables, README's too, from it; STUDIES=1: studies too
	@$(PYTHON) -m scripts.archive $(if $(STUDIES),--studies)
	@$(PYTHON) -m scripts.tables --archive-only --out results/tables
	@$(PYTHON) -m scripts.figures --archive-only --out results/figures
	@$(PYTHON) -m scripts.readme

wandb-sync: $(ENV)  ## upload the offline W&B runs
	@$(PYTHON) -m wandb sync --include-offline $(or $(STORE),results/runs)/wandb/offline-run-*

clean:  ## remove the environment and caches; never runs, data or the archive
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
