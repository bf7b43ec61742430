#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The suite as a kselftest: KTAP on stdout; exit codes 0 pass, 1 fail, 4 skip mean the same to kselftest. Arguments come from
# KSELFTEST_REGLIST_SH_ARGS. The default subject is this kernel, never the built-in model: a machine without /dev/kvm must not pass.
case " $* " in
*" --subject"*) ;;
*) set -- --subject kvm "$@" ;;
esac
exec ./reglist-suite --format ktap "$@"
