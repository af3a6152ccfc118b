"""Groups of checks of this machine, a module each: from `ThisMachine` to a `Diagnosis`.

May import all below launch/, and `launch.doctor`'s own modules.
"""
