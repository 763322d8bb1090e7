"""LinkedIn imitated: its documented conventions, and the Projects contract as a layer of its own.

Documented by LinkedIn: OAuth, Rest.li (restli, answers), seats, throttling, signatures, challenge.
INVENTED, our written contract for partner access to Projects: everything in `projects`, the
resources rscContracts, rscProjects and rscsProfiles, the push hint, 500 requests a day.
"""

from apps.sandbox.linkedin.system import LinkedIn as SYSTEM

__all__ = ["SYSTEM"]
