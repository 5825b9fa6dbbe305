"""Only what setup.cfg cannot say: the compiled kernels. Without a C compiler the package is built without them."""

import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# No contraction: a fused multiply-add would round otherwise than NumPy does, and than another machine.
# Loops begin with a cache line: a short one that lies across two takes twice as long, wherever a change elsewhere moved it.
FLAGS = ["-O3", "-ffp-contract=off", "-falign-loops=64"]
FLAGS_OF_MSVC = ["/O2", "/fp:precise"]

KERNELS = Extension(
    "clusterer.arrays._kernels",
    ["clusterer/arrays/_kernels.pyx"],
    depends=["clusterer/arrays/_wide.h", "clusterer/arrays/_lanes.h"],
    optional=True,
)


class BuildKernels(build_ext):
    """Compiles the kernels; where that fails, says once what it means, in the log that ``pip install -v`` shows."""

    def build_extension(self, ext: Extension) -> None:
        """Compile one, by the flags of the compiler that is here."""
        ext.extra_compile_args = FLAGS_OF_MSVC if self.compiler.compiler_type == "msvc" else FLAGS
        try:
            super().build_extension(ext)
        except Exception as error:
            print(
                f"clusterer is built without its compiled loops ({error}); results are the same by NumPy's, slower; "
                "cure: a wheel of this platform, or a C compiler and Python's headers, and the install again",
                file=sys.stderr,
            )
            raise


setup(ext_modules=[KERNELS], cmdclass={"build_ext": BuildKernels})
