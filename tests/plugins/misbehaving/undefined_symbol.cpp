/// Needs a function that nobody has.
extern "C" int director_test_function_that_nobody_has();
extern "C" __attribute__((visibility("default"))) int director_plugin_entry() {
  return director_test_function_that_nobody_has();
}
