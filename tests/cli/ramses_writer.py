"""Writes small RAMSES outputs of forms of which data/ has none, with what must be found in them.

An output is made from nothing but its form: the octs are drawn at random, each domain's file gets
its own ones, those of others that RAMSES would copy into it (with values that must not be seen),
and octs of the boundaries. Records follow RAMSES: amr/output_amr.f90, hydro/output_hydro.f90,
poisson/output_poisson.f90, pm/output_part.f90, rt/rt_output_hydro.f90; keys amr/load_balance.f90.
"""

import itertools
import math
import random
import struct

GHOST = 1e30  # what the copies of others' octs hold

# The Hilbert curve of amr/hilbert.f90: [orientation][cell, x the highest bit] = (next orientation,
# place), as many as there are characters.
TURN_2D = ("1020", "0311", "2203", "3132")
PLACE_2D = ("0132", "0312", "2130", "2310")
TURN_3D = ("12324535", "26078807", "09a911bb", "606b9098", "bb075907", "448806a6",
           "575311bb", "616a949a", "a311a359", "44882723", "72b27585", "a326a344")
PLACE_3D = ("01327645", "07163425", "03741265", "23105467", "43527061", "65127403", "47305621",
            "67541023", "25341607", "21563047", "45763201", "61705243")


def hilbert_key(at, bits):
    """RAMSES' key of integer coordinates, of which the lowest `bits` count (in 1-D all)."""
    if len(at) == 1:
        return at[0]
    turn, place = (TURN_2D, PLACE_2D) if len(at) == 2 else (TURN_3D, PLACE_3D)
    key = state = 0
    for bit in reversed(range(bits)):
        cell = 0
        for x in at:
            cell = 2 * cell + (x >> bit & 1)
        key = key << len(at) | int(place[state][cell], 16)
        state = int(turn[state][cell], 16)
    return key


class Output:
    """The form of an output; write() makes it. All that can be chosen is a keyword."""

    def __init__(self, **form):
        self.ndim = 3
        self.number = 2
        self.ncpu = 3
        self.physical = (1, 1, 1)  # coarse cells of the box
        self.low = (0, 0, 0)  # layers of boundary cells below and above it
        self.high = (0, 0, 0)
        self.coarse_size = 1.0
        self.levelmin = 2
        self.levelmax = 4
        self.share = 0.3  # of cells that are refined above levelmin
        self.seed = 1
        self.time = 0.25
        self.cosmological = False
        self.ordering = "hilbert"
        self.overload = 1  # parts for each domain
        self.key_bytes = 8
        self.real = "d"
        self.order = "<"  # of bytes
        self.marker = "i"  # or q
        self.group_size = 0
        self.idle = ()  # domains that own nothing
        self.hydro = ["density", "velocity_x", "velocity_y", "velocity_z", "pressure"]
        self.described = True  # there is a hydro descriptor
        self.descriptor = None  # another text for it
        self.gravity = 0  # variables of the gravity files
        self.radiation = 0
        self.odd = {}  # variable's name: values to stand in for those of the first leaf cells
        vars(self).update(form)
        self.physical = self.physical[: self.ndim] + (1,) * (3 - self.ndim)
        self.random = random.Random(self.seed)
        self.make_octs()
        self.make_values()
        self.make_domains()

    # ---- the mesh

    def cells_of(self, oct_):
        """Cells of an oct in RAMSES' order, x fastest: (level, place on that level's grid)."""
        level, at = oct_
        return [
            (level, tuple(2 * x + (i >> axis & 1) for axis, x in enumerate(at)))
            for i in range(2**self.ndim)
        ]

    def make_octs(self):
        """octs[level] = those that fill a cell (level - 1, at)."""
        self.octs = {1: [(1, at) for at in
                         itertools.product(*(range(n) for n in self.physical[: self.ndim]))]}
        self.refined = set()
        for level in range(1, self.levelmax):
            self.octs[level + 1] = []
            for oct_ in self.octs[level]:
                for cell in self.cells_of(oct_):
                    if level < self.levelmin or self.random.random() < self.share:
                        self.refined.add(cell)
                        self.octs[level + 1].append((level + 1, cell[1]))
        self.leaves = [cell for level in self.octs for oct_ in self.octs[level]
                       for cell in self.cells_of(oct_) if cell not in self.refined]

    def make_values(self):
        names = list(self.hydro or ())
        names += (["particle_density"] if self.gravity > self.ndim + 1 else [])
        names += ["potential"] if self.gravity else []
        names += ["acceleration_" + axis for axis in "xyz"[: self.ndim]] if self.gravity else []
        names += ["rt_%d" % i for i in range(self.radiation)]
        self.names = names
        self.value = {}
        for cell in self.leaves:
            values = [self.random.uniform(-1, 1) for _ in names]
            if self.hydro:
                values[0] = abs(values[0]) + 0.125
            if self.real == "f":
                values = [struct.unpack("<f", struct.pack("<f", v))[0] for v in values]
            self.value[cell] = values
        for name, odd in self.odd.items():
            for cell, value in zip(self.leaves, odd):
                self.value[cell][names.index(name)] = value
        for level in sorted(self.octs, reverse=True):
            for oct_ in self.octs[level]:
                inside = [self.value[cell] for cell in self.cells_of(oct_)]
                self.value[(level - 1, oct_[1])] = [sum(v) / len(v) for v in zip(*inside)]

    def centre(self, cell):
        """In units of a coarse cell, from the box' corner."""
        level, at = cell
        return [(x + 0.5) / 2**level for x in at]

    def key(self, cell):
        centre = self.centre(cell)
        if self.ordering == "hilbert":
            bits = self.levelmax + 1 + int(math.log2(self.physical[0]))
            return hilbert_key([int(x * 2 ** (self.levelmax + 1)) for x in centre], bits)
        if self.ordering == "angular":
            return math.atan2(centre[1] - 0.5, centre[0] - 0.5) + math.pi
        return centre[0] if self.ordering == "planar" else sum(centre)

    def make_domains(self):
        keys = sorted(self.key(cell) for cell in self.leaves)
        parts = self.ncpu * self.overload
        self.bound = [0.0]
        for part in range(1, parts):
            self.bound.append(float(keys[len(keys) * part // parts]))
        self.bound.append(float(keys[-1]) * 2 + 1)
        for domain in self.idle:
            self.bound[domain] = self.bound[domain - 1]
        self.domain = {}
        for level in self.octs:
            for oct_ in self.octs[level]:
                key = self.key((level - 1, oct_[1]))
                part = max(p for p in range(parts) if self.bound[p] <= key
                           and (self.bound[p] < self.bound[p + 1] or p == 0))
                self.domain[oct_] = part % self.ncpu + 1

    def father(self, oct_):
        level, at = oct_
        return (level - 1, tuple(x // 2 for x in at)) if level > 1 else None

    def in_file(self, domain):
        """The octs in the file of a domain: own ones, their children and ancestors, others."""
        chosen = {oct_ for oct_ in self.domain if self.domain[oct_] == domain}
        for oct_ in list(chosen):
            chosen.update((oct_[0] + 1, cell[1]) for cell in self.cells_of(oct_)
                          if cell in self.refined)
        chosen.update(oct_ for oct_ in self.domain if self.random.random() < 0.1)
        for oct_ in list(chosen):
            while (oct_ := self.father(oct_)) is not None:
                chosen.add(oct_)
        return chosen

    # ---- records

    def record(self, form, *values):
        data = struct.pack(self.order + "%d%s" % (len(values), form), *values)
        return self.framed(data)

    def framed(self, data):
        length = struct.pack(self.order + self.marker, len(data))
        return length + data + length

    def keys(self):
        if self.key_bytes == 8:
            return self.record("d", *self.bound)
        quads = []
        for key in self.bound:  # IEEE binary128
            fraction, exponent = math.frexp(key)
            bits = 0 if key == 0 else (exponent - 1 + 16383) << 112 | int(
                (2 * fraction - 1) * 2**52) << 60
            quads.append(bits.to_bytes(16, "little" if self.order == "<" else "big"))
        return self.framed(b"".join(quads))

    def boundary_octs(self):
        """One for each coarse cell around the box, as (boundary, place among all coarse cells)."""
        shape = self.shape()
        cells = itertools.product(*(range(n) for n in shape[: self.ndim]))
        outside = [at for at in cells if not all(
            self.low[a] <= at[a] < self.low[a] + self.physical[a] for a in range(self.ndim))]
        return [(i % max(self.nboundary, 1), at) for i, at in enumerate(outside)]

    def shape(self):
        return tuple(self.low[a] + self.physical[a] + self.high[a] if a < self.ndim else 1
                     for a in range(3))

    @property
    def nboundary(self):
        return sum((self.low[a] > 0) + (self.high[a] > 0) for a in range(self.ndim))

    def write(self, folder):
        """Makes folder/output_NNNNN and returns its path."""
        path = folder / ("output_%05d" % self.number)
        for domain in range(1, self.ncpu + 1):
            place = path
            if self.group_size:
                place = path / ("group_%05d" % ((domain - 1) // self.group_size + 1))
            place.mkdir(parents=True, exist_ok=True)
            self.write_domain(place, domain)
        text = path / "group_00001" if self.group_size else path
        self.write_texts(text)
        return path

    def write_domain(self, folder, domain):
        chosen = sorted(self.in_file(domain), key=lambda o: (o[0], self.domain[o], o[1]))
        index = {oct_: i + 1 for i, oct_ in enumerate(chosen)}
        ngridmax = len(chosen) + 200
        blocks = []  # (level, octs, own, or places of boundary octs)
        for level in range(1, self.levelmax + 1):
            for cpu in range(1, self.ncpu + 1):
                blocks.append((level, [o for o in chosen if o[0] == level
                                       and self.domain[o] == cpu], cpu == domain, None))
            for boundary in range(self.nboundary):
                blocks.append((level, [], False, [at for b, at in self.boundary_octs()
                                                  if b == boundary and level == 1]))
        amr = self.amr_header(domain, chosen, ngridmax)
        for level, octs, own, outside in blocks:
            amr += self.amr_block(level, octs, outside, index, ngridmax)
        name = "%s_%05d.out%05d"
        (folder / (name % ("amr", self.number, domain))).write_bytes(amr)
        first = 0
        for kind, count in (("hydro", len(self.hydro or ())), ("grav", self.gravity),
                            ("rt", self.radiation)):
            if count:
                head = self.ncpu, count, self.ndim, self.levelmax, self.nboundary
                if kind == "grav":
                    data = b"".join(self.record("i", head[i]) for i in (0, 1, 3, 4))
                else:
                    data = b"".join(self.record("i", v) for v in head) + self.record(self.real, 1.5)
                for level, octs, own, outside in blocks:
                    data += self.values_block(level, octs, own, outside, first, count)
                (folder / (name % (kind, self.number, domain))).write_bytes(data)
            first += count

    def amr_header(self, domain, chosen, ngridmax):
        real, shape, nlevels = self.real, self.shape(), self.levelmax
        boxlen = self.coarse_size * self.physical[0]
        counts = [sum(1 for o in chosen if o[0] == level and self.domain[o] == cpu)
                  for level in range(1, nlevels + 1) for cpu in range(1, self.ncpu + 1)]
        total = [n for level in range(1, nlevels + 1)
                 for n in [len(self.octs[level])] + [0] * 9]
        out = b"".join([
            self.record("i", self.ncpu), self.record("i", self.ndim), self.record("i", *shape),
            self.record("i", nlevels), self.record("i", ngridmax),
            self.record("i", self.nboundary), self.record("i", len(chosen)),
            self.record(real, boxlen), self.record("i", 3, 1, self.number),
            self.record(real, 0.0, 1.0, 2.0), self.record(real, 0.0, 1.0, 2.0),
            self.record(real, self.time), self.record(real, *[0.5] * nlevels),
            self.record(real, *[0.5] * nlevels), self.record("i", 7, 3),
            self.record(real, 0.0, 0.0, 0.0), self.record(real, *[0.5] * 7),
            self.record(real, *[1.0] * 5), self.record(real, 0.0),
            self.record("i", *[0] * len(counts)), self.record("i", *[0] * len(counts)),
            self.record("i", *counts), self.record("i", *total)])
        if self.nboundary:
            outside = self.boundary_octs()
            boundary = [sum(1 for b, _ in outside if b == i and level == 0)
                        for level in range(nlevels) for i in range(self.nboundary)]
            out += self.record("i", *[0] * len(boundary)) * 2 + self.record("i", *boundary)
        out += self.record("i", 0, 0, 0, 0, 0)
        out += self.framed(self.ordering.ljust(128).encode())
        if self.ordering == "bisection":
            nodes = 2 * self.ncpu - 1
            out += (self.record(real, *[0.0] * nodes) + self.record("i", *[0] * 2 * nodes)
                    + self.record("i", *[0] * nodes)
                    + self.record(real, *[0.0] * self.ncpu * self.ndim) * 2)
        else:
            out += self.keys()
        cpu_map = []
        for k, j, i in itertools.product(*(range(n) for n in reversed(shape))):
            at = tuple(x - self.low[a] for a, x in enumerate((i, j, k)[: self.ndim]))
            cpu_map.append(self.domain.get((1, at), 0))
        ncoarse = len(cpu_map)
        return out + self.record("i", *[1] * ncoarse) + self.record("i", *[0] * ncoarse) + \
            self.record("i", *cpu_map)

    def amr_block(self, level, octs, outside, index, ngridmax):
        n = len(outside if outside is not None else octs)
        if n == 0:
            return b""
        ncells = 2**self.ndim
        none = self.record("i", *[0] * n)
        if outside is not None:
            own = self.record("i", *[len(index) + 1] * n)
            return own + none * 2 + b"".join(
                self.record(self.real, *[at[a] + 0.5 for at in outside]) for a in range(self.ndim)
            ) + none * (1 + 2 * self.ndim + 3 * ncells)
        out = self.record("i", *[index[o] for o in octs]) + none * 2
        for axis in range(self.ndim):
            out += self.record(self.real, *[(o[1][axis] + 0.5) / 2 ** (level - 1) + self.low[axis]
                                            for o in octs])
        out += none * (1 + 2 * self.ndim)
        cells = [self.cells_of(o) for o in octs]
        for c in range(ncells):
            out += self.record("i", *[index.get((level + 1, cell[c][1]), 0)
                                      if cell[c] in self.refined else 0 for cell in cells])
        return out + none * 2 * ncells

    def values_block(self, level, octs, own, outside, first, count):
        n = len(outside if outside is not None else octs)
        out = self.record("i", level) + self.record("i", n)
        if n == 0:
            return out
        cells = [self.cells_of(o) for o in octs]
        for c in range(2**self.ndim):
            for variable in range(first, first + count):
                out += self.record(self.real, *(
                    [self.value[cell[c]][variable] for cell in cells] if own else [GHOST] * n))
        return out

    def write_texts(self, folder):
        lines = []
        for key, value in (("ncpu", self.ncpu), ("ndim", self.ndim), ("levelmin", self.levelmin),
                           ("levelmax", self.levelmax), ("ngridmax", 1000), ("nstep_coarse", 3)):
            lines.append("%-12s=%11d" % (key, value))
        for key, value in (
                ("boxlen", self.coarse_size), ("time", self.time), ("aexp", 1.0),
                ("H0", 70.0 if self.cosmological else 1.0), ("omega_m", 0.3),
                ("omega_l", 0.7 if self.cosmological else 0.0), ("omega_k", 0.0),
                ("omega_b", 0.045), ("unit_l", 1.0), ("unit_d", 1.0), ("unit_t", 1.0)):
            lines.append("%-12s=%23.15E" % (key, value))
        lines += ["", "ordering type=" + self.ordering.ljust(80)]
        if self.ordering != "bisection":
            lines.append("   DOMAIN   ind_min                 ind_max")
            lines += ["%8d %23.15E %23.15E" % (i + 1, a, b)
                      for i, (a, b) in enumerate(zip(self.bound, self.bound[1:]))]
        (folder / ("info_%05d.txt" % self.number)).write_text("\n".join(lines) + "\n")
        if self.hydro and self.described:
            text = self.descriptor
            if text is None:
                text = "# version:  1\n# ivar, variable_name, variable_type\n" + "".join(
                    "%3d, %s, d\n" % (i + 1, name) for i, name in enumerate(self.hydro))
            (folder / "hydro_file_descriptor.txt").write_text(text)

    # ---- what must be found

    def size(self, level):
        return self.coarse_size / 2**level

    def leaves_per_level(self, keep=lambda low, high: True):
        """Leaf cells by level of those whose corners (in code units) `keep` takes."""
        found = {}
        for level, at in self.leaves:
            low = [x * self.size(level) for x in at]
            if keep(low, [x + self.size(level) for x in low]):
                found[str(level)] = found.get(str(level), 0) + 1
        return found

    def totals(self, name):
        """Minimum, maximum, sum(value x volume) and sum(|value| x volume) over leaf cells."""
        variable = self.names.index(name)
        values = [(self.value[cell][variable], self.size(cell[0]) ** self.ndim)
                  for cell in self.leaves]
        finite = [v for v, _ in values if math.isfinite(v)]
        return (min(finite), max(finite),
                math.fsum(v * volume for v, volume in values if math.isfinite(v)),
                math.fsum(abs(v) * volume for v, volume in values if math.isfinite(v)))


def write_particles(output, path, columns, counts, header=None, descriptor=None, nsink=0, nstar=0):
    """Adds particle files: `columns` are (name, type of struct, function of the particle's number);
    counts[domain - 1] of them in each file. Tells all values by name."""
    names = [name for name, _, _ in columns]
    found = {name: [] for name in names}
    begin = 0
    for domain, count in enumerate(counts, 1):
        real = output.real
        data = b"".join([
            output.record("i", output.ncpu), output.record("i", output.ndim),
            output.record("i", count), output.record("i", 1, 2, 3, 4), output.record("i", nstar),
            output.record(real, 0.0), output.record(real, 0.0), output.record("i", nsink)])
        for name, form, value in columns:
            values = [value(i) for i in range(begin, begin + count)]
            found[name] += values
            data += output.record(form, *values)
        begin += count
        (path / ("part_%05d.out%05d" % (output.number, domain))).write_bytes(data)
    if descriptor is not None:
        (path / "part_file_descriptor.txt").write_text(descriptor)
    if header is not None:
        (path / ("header_%05d.txt" % output.number)).write_text(header)
    return found
