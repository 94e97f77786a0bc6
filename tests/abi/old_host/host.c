/* The services of a host as a released version had them, and no other. */
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void write_log(const director_host* host, director_log_level level, director_string text) {
  (void)host;
  fprintf(stderr, "log %d: %.*s\n", (int)level, (int)text.size, text.data);
}

static int32_t cancelled(const director_host* host) {
  (void)host;
  return 0;
}

static int64_t remaining_ms(const director_host* host) {
  (void)host;
  return -1;
}

static int64_t now_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t unix_ms(const director_host* host) {
  (void)host;
  return now_ms(CLOCK_REALTIME);
}

static int64_t monotonic_ms(const director_host* host) {
  (void)host;
  return now_ms(CLOCK_MONOTONIC);
}

static director_status fail(director_error* error, director_status status, const char* why) {
  const size_t size = strlen(why);
  error->size = size < error->capacity ? size : error->capacity;
  memcpy(error->text, why, error->size);
  return status;
}

char* copy_of(director_string text) {
  char* copy = malloc(text.size + 1);
  if (copy == NULL) {
    abort();
  }
  if (text.size != 0) {
    memcpy(copy, text.data, text.size);
  }
  copy[text.size] = '\0';
  return copy;
}

/* In the child: becomes the command. */
static void become(const director_exec_request* request, FILE* input, int output) {
  char** argv = calloc(request->argv_count + 1, sizeof(*argv));
  char* cwd = copy_of(request->cwd);
  size_t i;
  if (argv == NULL || chdir(cwd) != 0) {
    _exit(126);
  }
  setenv("PWD", cwd, 1);
  for (i = 0; i < request->argv_count; ++i) {
    argv[i] = copy_of(request->argv[i]);
  }
  for (i = 0; i < request->env_set_count; ++i) {
    putenv(copy_of(request->env_set[i]));
  }
  dup2(fileno(input), 0);
  dup2(output, 1);
  execvp(argv[0], argv);
  _exit(127);
}

static void read_lines(FILE* output, pid_t child, const director_exec_sink* sink,
                       director_exec_result* result) {
  char* text = NULL;
  size_t capacity = 0;
  ssize_t size;
  while ((size = getline(&text, &capacity, output)) >= 0) {
    director_exec_line line;
    memset(&line, 0, sizeof(line));
    line.struct_size = (uint32_t)sizeof(line);
    line.stream = DIRECTOR_STDOUT;
    line.text.data = text;
    line.text.size = (size_t)size - (size != 0 && text[size - 1] == '\n' ? 1 : 0);
    if (sink != NULL && sink->line(sink->context, &line) != 0) {
      kill(child, SIGKILL);
      result->outcome = DIRECTOR_EXEC_STOPPED;
      break;
    }
  }
  free(text);
}

static director_status run_command(const director_host* host, const director_exec_request* request,
                                   const director_exec_sink* sink, director_exec_result* result,
                                   director_error* error) {
  FILE* input = tmpfile();
  FILE* output;
  int pipes[2];
  int status = 0;
  pid_t child;
  (void)host;
  if (input == NULL || pipe(pipes) != 0) {
    return fail(error, DIRECTOR_IO, strerror(errno));
  }
  if (request->stdin_text.size > 0) { /* an empty text may have no address */
    fwrite(request->stdin_text.data, 1, request->stdin_text.size, input);
  }
  rewind(input);
  result->outcome = DIRECTOR_EXEC_EXITED;
  child = fork();
  if (child == 0) {
    close(pipes[0]);
    become(request, input, pipes[1]);
  }
  close(pipes[1]);
  output = fdopen(pipes[0], "r");
  read_lines(output, child, sink, result);
  fclose(output);
  fclose(input);
  waitpid(child, &status, 0);
  if (result->outcome == DIRECTOR_EXEC_EXITED && WIFSIGNALED(status)) {
    result->outcome = DIRECTOR_EXEC_SIGNALED;
  }
  result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result->exit_code == 127 ? fail(error, DIRECTOR_NOT_FOUND, "no such program")
                                  : DIRECTOR_OK;
}

static director_status ask(const director_host* host, const director_agent_request* request,
                           const director_text_sink* answer, director_error* error) {
  const char* text = host->impl;
  const director_string piece = {text, strlen(text)};
  (void)request;
  (void)error;
  answer->write(answer->context, piece);
  return DIRECTOR_OK;
}

static const director_log_service kLog = {sizeof(director_log_service), 0, &write_log};
static const director_cancel_service kCancel = {sizeof(director_cancel_service), 0, &cancelled,
                                                &remaining_ms};
static const director_clock_service kClock = {sizeof(director_clock_service), 0, &unix_ms,
                                              &monotonic_ms};
static const director_exec_service kExec = {sizeof(director_exec_service), 0, &run_command};
static const director_agent_service kAgent = {sizeof(director_agent_service), 0, &ask};

static const void* get_service(const director_host* host, const char* id) {
  (void)host;
  if (strcmp(id, DIRECTOR_SERVICE_LOG) == 0) {
    return &kLog;
  }
  if (strcmp(id, DIRECTOR_SERVICE_CANCEL) == 0) {
    return &kCancel;
  }
  if (strcmp(id, DIRECTOR_SERVICE_CLOCK) == 0) {
    return &kClock;
  }
  if (strcmp(id, DIRECTOR_SERVICE_EXEC) == 0) {
    return &kExec;
  }
  if (strcmp(id, DIRECTOR_SERVICE_AGENT) == 0) {
    return &kAgent;
  }
  printf("asked for %s\n", id);
  return NULL;
}

director_host old_host(char* agent_answer) {
  director_host host;
  memset(&host, 0, sizeof(host));
  host.struct_size = (uint32_t)sizeof(host);
  host.abi_major = DIRECTOR_ABI_MAJOR;
  host.abi_minor = DIRECTOR_ABI_MINOR;
  host.version = "old";
  host.impl = agent_answer;
  host.get_service = &get_service;
  return host;
}
