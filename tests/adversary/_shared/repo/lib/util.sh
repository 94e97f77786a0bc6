helper() { echo help; }
