/// What the shim tells the test, in a file of this size that the test makes, all zeros.
#pragma once

struct director_fault_report {
  unsigned long calls;  ///< calls of the group that was asked for
  unsigned long fired;  ///< the first call that was struck, from 1; 0: none was
  char where[400];      ///< that call
};
