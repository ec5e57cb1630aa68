from hostile import probe

probe.main()
