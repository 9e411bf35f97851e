// Package venvtest gives tests a virtual environment of Python with the packages
// that a requirements file pins.
//
// An environment is made once and kept for later tests, in the folder that
// GOWSGI_VENVS names or else in the user's cache. That folder may be deleted at
// any time when no test runs.
package venvtest
