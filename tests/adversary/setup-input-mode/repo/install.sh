#!/bin/sh
mkdir -p build/x
