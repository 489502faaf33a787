// Classification by what every processor of the architecture has. Compiled with the flags that CMakeLists.txt gives.
#include "classifier_steps.h"

namespace nlp {

const ClassifierKernels classifier_baseline = kernels;

}  // namespace nlp
