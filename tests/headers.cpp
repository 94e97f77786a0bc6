// See CMakeLists.txt: where the headers of the tests are compiled.
int main() { return 0; }
