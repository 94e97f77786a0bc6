#include "director/plugin.hpp"

#include "llm_reviewer.hpp"

using review_llm::LlmReviewer;

DIRECTOR_PLUGIN(LlmReviewer, "review-llm", "0.1.0")
