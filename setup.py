"""Only what setup.cfg cannot say: the compiled kernels. Without a C compiler the package is built without them."""

from setuptools import Extension, setup

# No contraction: a fused multiply-add would round otherwise than NumPy does, and than another machine.
FLAGS = ["-O3", "-ffp-contract=off"]

KERNELS = Extension(
    "clusterer.arrays._kernels", ["clusterer/arrays/_kernels.pyx"], extra_compile_args=FLAGS, optional=True
)

setup(ext_modules=[KERNELS])
